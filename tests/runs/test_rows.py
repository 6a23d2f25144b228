"""Figures as rows, as JSON lines and as arrays."""

import json

import numpy as np
import pytest

from pepita_jax.runs.rows import append_rows, make_rows, to_history, write_rows

COLUMNS = {
    "loss": np.array([0.5, np.nan]),
    "angle": np.array([[1.0, np.inf], [3.0, 4.0]], np.float32),
    "rate": 0.1,
}


def test_every_seed_gets_a_row_of_plain_json(tmp_path):
    rows = make_rows(1, range(5, 7), COLUMNS)
    assert rows == [
        {"epoch": 1, "seed": 5, "loss": 0.5, "angle": [1.0, None], "rate": 0.1},
        {"epoch": 1, "seed": 6, "loss": None, "angle": [3.0, 4.0], "rate": 0.1},
    ]
    path = tmp_path / "metrics.jsonl"
    for write in (write_rows, append_rows, append_rows):
        write(path, rows)
    strict = {"parse_constant": pytest.fail}
    assert [json.loads(line, **strict) for line in path.read_text().splitlines()] == 3 * rows
    write_rows(path, [])
    assert path.read_text() == ""


def test_history_is_ordered_by_seed_and_epoch():
    rows = [{"epoch": e, "seed": k, "loss": 10 * k + e} for e in (1, 2, 3) for k in (1, 0)]
    np.testing.assert_array_equal(
        to_history(rows, range(2), range(1, 4))["loss"], [[1, 2, 3], [11, 12, 13]]
    )
    np.testing.assert_array_equal(
        to_history(rows, range(2), range(1, 3))["loss"], [[1, 2], [11, 12]]
    )


def test_history_may_begin_before_training():
    rows = [row for e in (0, 1) for row in make_rows(e, range(2), {"norm": np.array([e, e + 0.5])})]
    np.testing.assert_array_equal(
        to_history(rows, range(2), range(2))["norm"], [[0, 1], [0.5, 1.5]]
    )


def test_null_and_what_is_not_there_are_nan():
    rows = make_rows(1, range(2), COLUMNS) + make_rows(2, range(1), {**COLUMNS, "loss": 0.25})
    history = to_history(rows, range(2), range(1, 3))
    np.testing.assert_array_equal(history["loss"], [[0.5, 0.25], [np.nan, np.nan]])
    assert history["angle"].shape == (2, 2, 2)
    np.testing.assert_array_equal(history["angle"][1], [[3, 4], [np.nan, np.nan]])

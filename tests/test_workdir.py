"""The files of a run."""

import json

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.workdir import Workdir, as_history

CONFIG = {"seed": 0, "num_epochs": 5, "data_dir": None, "model": {"hidden": (4,), "init": "x"}}


def change(**fields):
    return {**CONFIG, **fields}


def test_a_configuration_comes_back_as_it_was_given(tmp_path):
    workdir = Workdir(tmp_path / "a" / "b")
    workdir.claim(CONFIG)
    assert workdir.read_config() == json.loads(json.dumps(CONFIG))


@pytest.mark.parametrize(
    "fields", [{}, {"num_epochs": 6}, {"data_dir": "elsewhere"}, {"seeds_at_once": 0}]
)
def test_the_same_run_may_be_longer_or_read_its_data_elsewhere(fields, tmp_path):
    Workdir(tmp_path).claim(CONFIG)
    Workdir(tmp_path).claim(change(**fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": 1}, "different run: seed was 0, is 1; use another workdir"),
        ({"model": {"hidden": (5,), "init": "x"}}, r"model\.hidden was \[4\], is \[5\]"),
        ({"new": 1}, "new was None, is 1"),
        ({"num_epochs": 4}, "a run of 5 epochs; num_epochs can be raised, not lowered"),
    ],
)
def test_another_run_is_refused_and_its_field_named(fields, message, tmp_path):
    Workdir(tmp_path).claim(CONFIG)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(UserError, match=message):
        Workdir(tmp_path).claim(change(**fields))
    assert (tmp_path / "config.json").read_bytes() == before


def test_rows_of_epochs_without_a_checkpoint_are_dropped(tmp_path):
    workdir = Workdir(tmp_path)
    workdir.append_rows([{"epoch": 1, "seed": 0}, {"epoch": 1, "seed": 1}])
    workdir.append_rows([{"epoch": 2, "seed": 0}])
    workdir.keep_rows(1)
    assert workdir.read_rows(9) == [{"epoch": 1, "seed": 0}, {"epoch": 1, "seed": 1}]


def test_history_is_ordered_by_seed_and_epoch():
    rows = [{"epoch": e, "seed": k, "loss": 10 * k + e} for e in (1, 2, 3) for k in (1, 0)]
    np.testing.assert_array_equal(as_history(rows, 2, 3)["loss"], [[1, 2, 3], [11, 12, 13]])


def test_missing_or_repeated_rows_are_noticed():
    rows = [{"epoch": e, "seed": k, "loss": 0.0} for e in (1, 2) for k in (0, 1)]
    for damaged in (rows[:-1], rows[1:], [*rows, rows[0]], []):
        with pytest.raises(UserError, match="has not one row an epoch and seed"):
            as_history(damaged, 2, 2)


def test_a_line_that_is_being_written_is_not_read_yet(tmp_path):
    workdir = Workdir(tmp_path)
    workdir.append_rows([{"epoch": 1, "seed": 0}])
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 2, "se')
    assert workdir.read_rows(9) == [{"epoch": 1, "seed": 0}]


def test_a_damaged_line_is_named(tmp_path):
    for damaged in (b'{"epoch": 1, "se\n{"epoch": 2}\n', b'{"epoch": \xff}\n', b"3\n"):
        (tmp_path / "metrics.jsonl").write_bytes(damaged)
        with pytest.raises(UserError, match=r"metrics\.jsonl is damaged"):
            Workdir(tmp_path).read_rows(9)


@pytest.mark.parametrize("left", ["metrics.jsonl", "summary.json", "checkpoints"])
def test_results_without_their_configuration_are_left_alone(left, tmp_path):
    (tmp_path / left).write_text("results of another run")
    with pytest.raises(UserError, match=f"has {left} but no config.json"):
        Workdir(tmp_path).claim(CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == [left]

"""Figures of a run as rows, one per epoch and seed: JSON lines on disk, arrays in memory."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pepita_jax.files import replace_file
from pepita_jax.history import History


def make_rows(epoch: int, seeds: Sequence[int], columns: dict[str, Any]) -> list[dict]:
    """A plain dict for each seed.

    Args:
        epoch: its number.
        seeds: their numbers, S of them.
        columns: `{name: values}`, an array `[S, ...]`, or one value for all.
    """
    return [
        {"epoch": epoch, "seed": seed}
        | {n: as_json(v[i]) if isinstance(v, np.ndarray) else v for n, v in columns.items()}
        for i, seed in enumerate(seeds)
    ]


def to_history(rows: list[dict], seeds: Sequence[int], epochs: range) -> History:
    """Rows in any order as a `History`; a null and a missing row become NaN.

    Args:
        rows: rows of these seeds; there may be rows of other epochs.
        seeds: their numbers, S of them, in the wanted order.
        epochs: a range.
    """
    figures, place = {}, {seed: i for i, seed in enumerate(seeds)}
    for name in [name for name in rows[0] if name not in ("epoch", "seed")]:
        figures[name] = np.full((len(seeds), len(epochs), *np.shape(rows[0][name])), np.nan)
        for row in rows:
            if row["epoch"] in epochs:
                values = np.array(row[name], float)
                figures[name][place[row["seed"]], row["epoch"] - epochs.start] = values
    return History(figures, tuple(seeds), epochs.start)


def write_rows(path: Path, rows: list[dict]) -> None:
    """Makes a file of exactly these rows."""
    replace_file(path, _as_lines(rows))


def append_rows(path: Path, rows: list[dict]) -> None:
    """Adds rows to a file."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(_as_lines(rows))


def as_json(values: Any) -> Any:
    """An array as nested lists of plain numbers, with None where they are not finite."""
    values = np.asarray(values, float)
    # NumPy's annotations do not allow None among objects.
    plain = np.where(np.isfinite(values), values.astype(object), None)  # ty: ignore[no-matching-overload]
    return plain.tolist()


def _as_lines(rows):
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)

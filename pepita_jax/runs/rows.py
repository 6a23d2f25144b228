"""Figures of a run as rows, one an epoch and seed: JSON lines on disk, arrays in memory."""

import json

import numpy as np

from pepita_jax.files import replace_file


def make_rows(epoch, seeds, columns):
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


def to_history(rows, seeds, epochs):
    """Rows of any order as `{name: [S, epochs, ...]}`; null, and where there is no row, is NaN.

    Args:
        rows: of these seeds; other epochs may be among them.
        seeds: their numbers, S of them, in the order that is wanted.
        epochs: a range.
    """
    history, place = {}, {seed: i for i, seed in enumerate(seeds)}
    for name in [name for name in rows[0] if name not in ("epoch", "seed")]:
        history[name] = np.full((len(seeds), len(epochs), *np.shape(rows[0][name])), np.nan)
        for row in rows:
            if row["epoch"] in epochs:
                values = np.array(row[name], float)
                history[name][place[row["seed"]], row["epoch"] - epochs.start] = values
    return history


def write_rows(path, rows):
    """Makes a file of just these rows."""
    replace_file(path, _as_lines(rows))


def append_rows(path, rows):
    """Adds rows to a file."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(_as_lines(rows))


def as_json(values):
    """An array as nested lists of plain numbers, with None where they are not finite."""
    values = np.asarray(values, float)
    # NumPy's annotations know no None among objects.
    plain = np.where(np.isfinite(values), values.astype(object), None)  # ty: ignore[no-matching-overload]
    return plain.tolist()


def _as_lines(rows):
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)

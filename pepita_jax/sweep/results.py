"""What came out of a sweep: one row per setting and seed, and a ranking."""

import csv
import io
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pepita_jax.files import replace_file
from pepita_jax.runs.saved_run import SavedRun
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.groups import Group
from pepita_jax.sweep.numbers import SEED, is_number
from pepita_jax.tables import as_percent, markdown_table

MANY = 3  # values of a field, at least, of which the first and the last are edges


def setting_rows(group: Group, saved: SavedRun, settings: list[dict]) -> list[dict]:
    """A plain dict for each setting and seed of a group.

    Args:
        group: the `Group`.
        saved: its `SavedRun`, in which some seeds may be missing.
        settings: the settings of the whole sweep.
    """
    history = saved.history("metrics")
    figures = [name for name in history if name.startswith(("train", "validation", "test"))]
    rows = []
    for place, seed_of_group in enumerate(saved.seeds):
        seed, number = divmod(seed_of_group, len(group.indices))
        index = group.indices[number]
        row = {"setting": index, **settings[index], "seed_number": seed}
        row |= {"epochs": saved.num_epochs}
        row |= {name: float(history[name][place, -1]) for name in figures}
        row["diverged"] = bool(np.isnan(row["train_accuracy"]))
        rows.append(row)
    return rows


def write_csv(path: Path, rows: Iterable[dict]) -> None:
    """Writes one tidy table, a line per row; NaN (a diverged seed) and None become empty cells."""
    text, rows = io.StringIO(), list(rows)
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row["setting"], row.get("seed_number"))):
        is_nan = lambda value: isinstance(value, float) and np.isnan(value)
        writer.writerow({name: "" if is_nan(value) else value for name, value in row.items()})
    replace_file(path, text.getvalue())


def rank(rows: list[dict], settings: list[dict], split: str) -> list[dict]:
    """Settings, best first: `{"setting", "mean", "std", "seeds", "diverged", "epochs"}`.

    The mean accuracy is over the seeds that have not diverged. Settings without a diverged seed
    come first, then those with some; settings whose seeds have all diverged come last, without a
    mean. Within each kind, settings that halving has ended come after those trained for longer.
    """
    ranking, accuracies, epochs = [], [[] for _ in settings], [0 for _ in settings]
    for row in rows:
        accuracies[row["setting"]].append(row[f"{split}_accuracy"])
        epochs[row["setting"]] = row["epochs"]
    for index, values in enumerate(accuracies):
        finite = np.array(values)[np.isfinite(values)]
        ranking.append(
            {
                "setting": index,
                "mean": float(finite.mean()) if len(finite) else None,
                "std": float(finite.std(ddof=1)) if len(finite) > 1 else None,
                "seeds": len(values),
                "diverged": len(values) - len(finite),
                "epochs": epochs[index],
            }
        )
    worth = lambda r: (-r["epochs"], -(r["mean"] or 0), r["setting"])
    return sorted(ranking, key=lambda r: (r["diverged"] > 0, not is_left(r), *worth(r)))


def is_left(row: dict) -> bool:
    """Whether a setting of a ranking has a seed that has not diverged."""
    return row["mean"] is not None


def has_early_ends(ranking: list[dict]) -> bool:
    """Whether some settings of a ranking were trained for fewer epochs than others."""
    return len({row["epochs"] for row in ranking}) > 1


def ranking_table(ranking: list[dict], settings: list[dict], split: str, most: int = 20) -> str:
    """The first `most` settings of a ranking as a table, with their epochs if these differ."""
    fields, halved = merge(settings), has_early_ends(ranking)
    rows = [("rank", *fields, f"{split} %", "seeds", *(["epochs"] if halved else []))]
    for place, row in enumerate(ranking[:most], 1):
        values = settings[row["setting"]]
        there = row["seeds"] - row["diverged"]
        seeds = f"{there} of {row['seeds']}" if row["diverged"] else str(row["seeds"])
        cells = (show_value(values.get(field, "")) for field in fields)
        epochs = [str(row["epochs"])] if halved else []
        rows.append((str(place), *cells, as_percent(row), seeds, *epochs))
    more = f"\n\n({len(ranking) - most} more in the table on disk)" if len(ranking) > most else ""
    return markdown_table(rows) + more


def edges(setting: dict, settings: list[dict], drawn: Collection[str] = ()) -> list[str]:
    """Says which of a setting's numbers are the smallest or the largest that were tried.

    Values of a field are compared among the settings that agree in all other fields, if there are
    three or more. 0 counts as no edge, as most fields cannot go below it.

    Args:
        setting: one of `settings`, such as the best.
        settings: of the whole sweep.
        drawn: fields whose numbers were drawn from a distribution, which have no edge.
    """
    found = []
    for field in setting.keys() - {SEED, *drawn}:
        others = lambda s, field=field: {f: v for f, v in s.items() if f != field}
        like = [s[field] for s in settings if field in s and others(s) == others(setting)]
        if len(like) < MANY or not all(map(is_number, like)) or not setting[field]:
            continue
        for word, edge in (("smallest", min(like)), ("largest", max(like))):
            if setting[field] == edge:
                value = show_value(setting[field])
                found.append(f"the best {field}, {value}, is the {word} tried")
    return sorted(found)


def show_value(value: Any) -> str:
    """A value as short text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)

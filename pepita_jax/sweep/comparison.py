"""The best setting for each value of some fields, side by side."""

from pepita_jax.errors import require
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.results import show_value
from pepita_jax.tables import as_percent, markdown_table

NOT_TESTED = {"test_accuracy": {"mean": None, "std": None}}


def check_fields(fields: list[str], settings: list[dict]) -> None:
    """Raises a `UserError` unless each of the fields differs among the settings."""
    swept = merge(settings)
    for field in fields:
        message = f"--compare: {field} is not swept; valid: {', '.join(swept)}"
        require(field in swept, message)


def best_of_each(ranking: list[dict], settings: list[dict], fields: list[str]) -> dict:
    """The best setting for each combination of values of some fields.

    Args:
        ranking: a sweep's ranking, best first, see `results.rank`.
        settings: the sweep's settings.
        fields: names of the fields; without any, only the best of all is returned.

    Returns:
        `{values of the fields: row of the ranking}`, in the order of the settings.
    """
    best = {}
    for row in ranking:
        best.setdefault(_values(settings[row["setting"]], fields), row)
    order = [_values(setting, fields) for setting in settings]
    return {values: best[values] for values in dict.fromkeys(order)}


def comparison_rows(
    best: dict, settings: list[dict], fields: list[str], split: str, summaries: dict
) -> list[dict]:
    """A plain dict for each of the best settings: what it is, and what it reached.

    Args:
        best: from `best_of_each`.
        settings, fields: as in `best_of_each`.
        split: the split that the settings were chosen on.
        summaries: `{setting: summary}` of their runs on the whole training set. A setting of which
            no seed is left has none.
    """
    rows = []
    for values, chosen in best.items():
        index = chosen["setting"]
        row = {"setting": index, **dict(zip(fields, values, strict=True)), **settings[index]}
        summary = summaries.get(index, NOT_TESTED)
        figures = {f"chosen_on_{split}": chosen, "test_accuracy": summary["test_accuracy"]}
        for name, statistics in figures.items():
            row |= {f"{name}_{part}": statistics[part] for part in ("mean", "std")}
        row["diverged"] = len(summary["diverged"]) if index in summaries else chosen["diverged"]
        rows.append(row)
    return rows


def comparison_table(best: dict, settings: list[dict], fields: list[str], summaries: dict) -> str:
    """Test accuracies: the first field's values down, the other fields' across.

    Brackets hold what was chosen: the values of the fields that are not compared. A cell without
    any seed left is `-`.
    """
    cells = {}
    for values, row in best.items():
        setting = settings[row["setting"]]
        chosen = ", ".join(show_value(v) for field, v in setting.items() if field not in fields)
        summary = summaries.get(row["setting"], NOT_TESTED)
        accuracy = as_percent(summary["test_accuracy"])
        shows_chosen = chosen and summary is not NOT_TESTED
        cells[values[0], values[1:]] = f"{accuracy} ({chosen})" if shows_chosen else accuracy
    down, across = (list(dict.fromkeys(key[i] for key in cells)) for i in (0, 1))
    name = lambda values: describe(dict(zip(fields[1:], values, strict=True))) or "test %"
    rows = [(fields[0], *map(name, across))]
    rows += [(show_value(y), *(cells.get((y, x), "") for x in across)) for y in down]
    return markdown_table(rows)


def _values(setting, fields):
    return tuple(setting.get(field) for field in fields)


def describe(values: dict) -> str:
    """`{"optimizer.name": "sgd", "optimizer.momentum": 0.9}` -> `sgd, momentum 0.9`."""
    words = {
        field: value if isinstance(value, str) else f"{field.split('.')[-1]} {show_value(value)}"
        for field, value in values.items()
        if value is not None
    }
    return ", ".join(words.values())

"""Markdown tables for the terminal."""

from pepita_jax.data.own import show_name
from pepita_jax.words import describe_time, list_some


def summary_table(summaries: list[dict], more: dict[str, list] | None = None) -> str:
    """A table with one row per run, and a line for each run that has diverged seeds.

    Args:
        summaries: one per run, as in `summary.json`.
        more: further columns, `{heading: cells}`.
    """
    more = more or {}
    rows, notes = [], []
    headings = (
        "rule",
        "model",
        "dataset",
        "seeds",
        "epochs",
        "test %",
        "training %",
        "time with compilation",
        *more,
    )
    for i, s in enumerate(summaries):
        rows.append(
            (
                s["rule"],
                s["model"],
                show_name(s["dataset"]),
                _describe_seeds(s),
                str(s["num_epochs"]),
                as_percent(s["test_accuracy"]),
                as_percent(s["train_accuracy"]),
                describe_time(s["seconds"]),
                *(cells[i] for cells in more.values()),
            )
        )
        if s["diverged"]:
            notes.append(f"{s['rule']}: the means leave out {_describe_diverged(s['diverged'])}")
    return "\n\n".join([markdown_table([headings, *rows]), *notes])


def _describe_seeds(summary):
    num_seeds, num_diverged = summary["num_seeds"], len(summary["diverged"])
    return f"{num_seeds - num_diverged} of {num_seeds}" if num_diverged else str(num_seeds)


def _describe_diverged(diverged):
    which = list_some(f"{d['seed']} (epoch {d['epoch']})" for d in diverged)
    if len(diverged) == 1:
        return f"the diverged seed {which}"
    return f"the diverged seeds {which}"


def markdown_table(rows: list) -> str:
    """A Markdown table of rows of strings, of which the first are the headings."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], _line(["-" * w for w in widths], widths), *lines[1:]])


def as_percent(statistics: dict) -> str:
    """`{"mean": 0.9812, "std": 0.001}` -> `98.12 ± 0.10`; `-` without a mean."""
    mean, std = statistics["mean"], statistics["std"]
    if mean is None:
        return "-"
    return f"{100 * mean:.2f}" + (f" ± {100 * std:.2f}" if std is not None else "")


def _line(cells, widths):
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

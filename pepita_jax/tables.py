"""Tables for the terminal, in Markdown."""


def summary_table(summaries, more=None):
    """A table of runs, one row each.

    Args:
        summaries: as in `summary.json`.
        more: `{heading: cells}`, further columns.
    """
    more = more or {}
    rows = [("rule", "model", "dataset", "seeds", "epochs", "test %", "training %", "time", *more)]
    for i, s in enumerate(summaries):
        minutes, seconds = divmod(round(s["seconds"]), 60)
        rows.append(
            (
                s["rule"],
                s["model"],
                s["dataset"],
                str(s["num_seeds"]),
                str(s["num_epochs"]),
                as_percent(s["test_accuracy"]),
                as_percent(s["train_accuracy"]),
                f"{minutes}:{seconds:02d} min",
                *(cells[i] for cells in more.values()),
            )
        )
    return markdown_table(rows)


def markdown_table(rows):
    """Rows of strings, the headings first, as a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], _line(["-" * w for w in widths], widths), *lines[1:]])


def as_percent(statistics):
    """`{"mean": 0.9812, "std": 0.001}` -> `98.12 ± 0.10`."""
    mean, std = statistics["mean"], statistics["std"]
    return f"{100 * mean:.2f}" + (f" ± {100 * std:.2f}" if std is not None else "")


def _line(cells, widths):
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

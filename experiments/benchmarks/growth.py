"""How the time of a step grows with the number of seeds, with the network, and with the data."""

from dataclasses import replace

from experiments.benchmarks.steps import Case, case_seconds, milliseconds
from pepita_jax.figures import make_figure
from pepita_jax.styles import rule_style

AXES = {
    "seeds": {n: {"num_seeds": n} for n in (1, 2, 5, 10, 20, 50)},
    "hidden units": {2**n: {"hidden": (2**n,)} for n in range(8, 14)},
    "hidden layers of 1024": {n: {"hidden": (1024,) * n} for n in range(1, 9)},
    "training images": {n: {"num_images": n} for n in (2000, 20_000, 200_000)},
}


def measure_growth(rules):
    """Rows of milliseconds per step and seed, for `mlp` on images of MNIST's shape.

    One thing grows at a time.
    """
    rows = []
    for axis, changes in AXES.items():
        start = {rule: Case("mlp", "mnist", rule) for rule in rules}
        cases = {
            (rule, size): replace(case, **change)
            for rule, case in start.items()
            for size, change in changes.items()
        }
        seconds = case_seconds(cases.values())
        rows += [
            {"grows": axis, "size": size, "rule": rule, "ms": milliseconds(seconds[case])}
            for (rule, size), case in cases.items()
        ]
    return rows


def plot_growth(rows, path):
    """Draws a panel for each axis."""
    figure, panels = make_figure(len(AXES))
    times = [row["ms"] for row in rows]
    for axes, axis in zip(panels, AXES, strict=True):
        for rule in dict.fromkeys(row["rule"] for row in rows):
            chosen = [row for row in rows if (row["grows"], row["rule"]) == (axis, rule)]
            size, ms = [row["size"] for row in chosen], [row["ms"] for row in chosen]
            axes.loglog(size, ms, label=rule, **rule_style(rule))
        axes.set(xlabel=axis, title=f"time by {axis}")
        axes.set_ylabel("ms per step and seed")
        axes.set_xticks(size, map(str, size))
        axes.set_xticks([], minor=True)
        axes.set_ylim(min(times) / 1.5, max(times) * 1.5)  # the same scale on all panels
        axes.yaxis.set_major_formatter("{x:g}")
        axes.legend()
    figure.savefig(path, dpi=80)

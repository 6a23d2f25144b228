"""Test accuracies beside the paper's: Tables 1 and 4."""

import numpy as np

from experiments.papers.comparison import HEADINGS, accuracy_cells
from experiments.papers.differences import paired_difference
from experiments.papers.pepita import published as paper
from experiments.papers.pepita.runs import (
    DATASETS,
    READINGS,
    TABLE_1,
    TABLE_4,
    WHITENED,
    of_table_1,
)
from experiments.papers.show import (
    Shown,
    describe_accuracy,
    describe_seeds,
    label,
    plot_test_curve,
    results_of,
    words_of,
)
from pepita_jax.figures import make_figure
from pepita_jax.tables import markdown_table

TRAINED = ("pepita", "shallow")  # filters that learn, and filters that do not
FROZEN_HEADINGS = (
    "data", "PEPITA %", "frozen filters %", "difference, 95 % interval", "frozen ahead", "epochs",
)  # fmt: skip
AS_USUAL = ("the same seeds of Table 1 %", "difference, 95 % interval")


def table_1(find):
    """All rules, networks and data sets (Table 1)."""
    rows = [("network", "data", "rule", *HEADINGS)]
    for result in results_of(TABLE_1, find):
        rule, model, data = words_of(result)
        of_paper = paper.TABLE_1.get((rule, model, data))
        rows.append((model, data, label(rule), *accuracy_cells(result, of_paper)))
    return Shown(markdown_table(rows))


def table_4(find):
    """PEPITA with and without whitened input (Table 4)."""
    if not find(WHITENED):
        return Shown()
    rows = [("input", *HEADINGS)]
    for result in results_of(TABLE_4, find):
        whitened = result.config["preprocess"] == "whiten"
        of_paper = paper.TABLE_4[whitened] if result.config["dataset"] == "mnist" else None
        rows.append(("whitened" if whitened else "as it is", *accuracy_cells(result, of_paper)))
    return Shown(markdown_table(rows))


def readings(find):
    """Runs that differ from Table 1's in one field, beside those after the same epochs."""
    rows = [("network", "data", "rule", "field", "value", *HEADINGS[:3], *AS_USUAL)]
    for run, result in ((run, find(run)) for run in READINGS):
        usual = find(of_table_1(*run.words))
        if result:
            rule, model, data = words_of(result)
            ((field, value),) = run.fields
            size = (describe_seeds(result), str(result.epochs))
            ours = (describe_accuracy(result.test_accuracy), *size, *_as_usual(result, usual))
            rows.append((model, data, label(rule), field, str(value), *ours))
    return Shown(markdown_table(rows))


def frozen_filters(find):
    """PEPITA's convolutions beside random filters that do not change (F = 0)."""
    pairs = [results_of([of_table_1(r, "conv", d) for r in TRAINED], find) for d in DATASETS]
    known = {pair[0].run: pair for pair in pairs if len(pair) == 2}
    if not known:
        return Shown()
    rows, (figure, panels) = [FROZEN_HEADINGS], make_figure(len(known))
    for axes, (trained, frozen) in zip(panels, known.values(), strict=True):
        epochs = min(trained.epochs, frozen.epochs)
        ours, random = (result.accuracy_of_seeds(epochs) for result in (trained, frozen))
        both = sorted(ours.keys() & random.keys())
        one, other = (np.array([of[seed] for seed in both]) for of in (ours, random))
        data, ahead = trained.config["dataset"], f"{(other > one).sum()} of {len(both)}"
        accuracies = map(describe_accuracy, (one, other))
        rows.append((data, *accuracies, str(paired_difference(one, other)), ahead, str(epochs)))
        for result, name in ((trained, "PEPITA"), (frozen, "frozen filters")):
            plot_test_curve(axes, result, name)
        axes.set_title(f"conv on {data}")
        axes.legend()
    return Shown(markdown_table(rows), figure)


def _as_usual(result, usual):
    """Table 1's accuracy after the same epochs, and the difference, over seeds of both runs."""
    if not usual:
        return "-", "-"
    ours, then = (r.accuracy_of_seeds(result.epochs) for r in (result, usual))
    both = ours.keys() & then.keys()
    here, there = (np.array([accuracy[seed] for seed in both]) for accuracy in (ours, then))
    return describe_accuracy(there), str(paired_difference(here, there))

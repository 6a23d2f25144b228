"""Test accuracies beside the paper's: Tables 1 and 4."""

import math

import numpy as np

from experiments.papers.pepita import published as paper
from experiments.papers.pepita.runs import READINGS, TABLE_1, TABLE_4, WHITENED, of_table_1
from experiments.papers.pepita.show import (
    Shown,
    describe_accuracy,
    describe_difference,
    describe_seeds,
    label,
    results_of,
    words_of,
)
from pepita_jax.tables import markdown_table

AS_USUAL = ("the same seeds of Table 1 %", "difference, 95 % interval")
HEADINGS = ("test %", "seeds", "epochs", "paper %", "difference", "within two standard errors")


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
    """Runs that differ from Table 1's in one field, beside those, after as many epochs."""
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


def _as_usual(result, usual):
    """Table 1's accuracy after as many epochs, and the difference, over the seeds of both runs."""
    if not usual:
        return "-", "-"
    ours, then = (r.accuracy_of_seeds(result.epochs) for r in (result, usual))
    both = ours.keys() & then.keys()
    here, there = (np.array([accuracy[seed] for seed in both]) for accuracy in (ours, then))
    return describe_accuracy(there), describe_difference(here, there)


def accuracy_cells(result, of_paper):
    """The cells below `HEADINGS`.

    Args:
        result: a `Result`.
        of_paper: the paper's `Printed` for it, or None.
    """
    values = result.test_accuracy
    cells = (describe_accuracy(values), describe_seeds(result), str(result.epochs))
    if not of_paper:
        return (*cells, "-", "-", "-")
    printed = f"{of_paper.mean:.2f} ± {of_paper.std:.2f}"
    if result.epochs != paper.EPOCHS:
        return (*cells, printed, "-", f"the paper has {paper.EPOCHS} epochs")
    if len(values) < 2:
        return (*cells, printed, "-", "two seeds are needed")
    difference = 100 * values.mean() - of_paper.mean
    agrees = abs(difference) <= 2 * standard_error(values, of_paper)
    shown = f"{round(difference, 2) + 0.0:+.2f}"  # never -0.00
    return (*cells, printed, shown, "yes" if agrees else "no")


def standard_error(values, of_paper):
    """Standard error of the difference between our mean and the paper's, in points of accuracy.

    Args:
        values: fractions, `[S]`.
        of_paper: the paper's `Printed`.
    """
    ours = (100 * values.std(ddof=1)) ** 2 / len(values)
    return math.sqrt(ours + of_paper.std**2 / paper.SEEDS)

"""Test accuracies beside the paper's: Tables 1 and 4."""

import numpy as np

from experiments.papers.comparison import HEADINGS, accuracy_cells
from experiments.papers.pepita import published as paper
from experiments.papers.pepita.runs import READINGS, TABLE_1, TABLE_4, WHITENED, of_table_1
from experiments.papers.show import (
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

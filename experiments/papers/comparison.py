"""Test accuracies beside a paper's."""

import math
from typing import NamedTuple

from experiments.papers.show import describe_accuracy, describe_seeds

HEADINGS = ("test %", "seeds", "epochs", "paper %", "difference", "within two standard errors")


class Printed(NamedTuple):
    """A test accuracy that a paper prints, in %.

    Attributes:
        mean, std: over seeds; std is None where the paper gives none.
        seeds, epochs: of the paper.
    """

    mean: float
    std: float | None
    seeds: int = 10
    epochs: int = 100


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
    if result.epochs != of_paper.epochs:
        return (*cells, printed, "-", f"the paper has {of_paper.epochs} epochs")
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
    return math.sqrt(ours + of_paper.std**2 / of_paper.seeds)

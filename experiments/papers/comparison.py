"""Test accuracies beside a paper's."""

import math
from typing import NamedTuple

from experiments.papers.show import describe_accuracy, describe_seeds
from pepita_jax.words import counted

HEADINGS = ("test %", "seeds", "epochs", "paper %", "difference", "within two standard errors")


class Printed(NamedTuple):
    """A test accuracy that a paper or its program prints, in %.

    Attributes:
        mean, std: over seeds; std is None if the paper gives none.
        seeds, epochs: those of the paper.
        tolerance: a difference of so many points agrees, whatever the spread. It is for single
            runs, whose spread is not known, and for figures with few decimals.
    """

    mean: float
    std: float | None = None
    seeds: int = 10
    epochs: int = 100
    tolerance: float = 0.0


def accuracy_cells(result, of_paper):
    """The cells below `HEADINGS`.

    Args:
        result: a `Result`.
        of_paper: the paper's `Printed`, or None.
    """
    values = result.test_accuracy
    cells = (describe_accuracy(values), describe_seeds(result), str(result.epochs))
    if not of_paper:
        return (*cells, "-", "-", "-")
    if result.epochs != of_paper.epochs:
        return (*cells, _describe(of_paper), "-", f"the paper has {of_paper.epochs} epochs")
    return (*cells, *compare(values, of_paper))


def compare(values, of_paper):
    """The paper's figure, the difference of ours to it in points, and whether they agree.

    They agree within two standard errors of the difference, or within the `Printed`'s tolerance.
    One seed has the tolerance alone.

    Args:
        values: fractions, `[S]`.
        of_paper: a `Printed`.
    """
    needed = 1 if of_paper.tolerance else 2
    if len(values) < needed:
        return _describe(of_paper), "-", f"{counted(needed, 'seed')} or more needed"
    difference = 100 * values.mean() - of_paper.mean
    error = standard_error(values, of_paper) if len(values) > 1 else 0.0
    near = max(of_paper.tolerance, 2 * error)
    shown = f"{round(difference, 2) + 0.0:+.2f}"  # never -0.00
    return _describe(of_paper), shown, "yes" if abs(difference) <= near else "no"


def standard_error(values, of_paper):
    """Standard error of the difference between our mean and the paper's, in points of accuracy.

    Args:
        values: fractions, `[S]`.
        of_paper: the paper's `Printed`; without a std, only our mean has an error.
    """
    ours = (100 * values.std(ddof=1)) ** 2 / len(values)
    return math.sqrt(ours + (of_paper.std or 0.0) ** 2 / of_paper.seeds)


def _describe(of_paper):
    return f"{of_paper.mean:.2f}" + (f" ± {of_paper.std:.2f}" if of_paper.std is not None else "")

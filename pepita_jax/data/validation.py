"""The validation split: the last images of a training set."""

import math

import numpy as np

from pepita_jax.errors import require, require_number

LEAST_CHANCE = 1e-6  # a random order that is less probable than this is taken for a sorted one
MOST_LISTED = 10  # classes in a message


def num_validation(validation_fraction: float, num_train: int) -> int:
    """How many of the training images make up the validation split.

    Raises:
        UserError: the fraction is not valid, or leaves nothing to train on.
    """
    require_number("validation_fraction", validation_fraction, at_least=0, below=1)
    size = round(validation_fraction * num_train)
    require(size < num_train, "validation_fraction leaves no image to train on")
    return size


def require_random_order(trained_on: np.ndarray, held_out: np.ndarray) -> None:
    """Checks that a validation split has the training set's classes, as one in random order has.

    Args:
        trained_on: labels of the images that are left to train on.
        held_out: labels of the validation split.

    Raises:
        UserError: the split has all images of a class, or it lacks classes and a random order
            would leave out so many with a probability below `LEAST_CHANCE`.
    """
    split = f"the validation split, the last {len(held_out)} training images,"
    advice = "put the training set in a random order"
    lost, lacking = np.setdiff1d(held_out, trained_on), np.setdiff1d(trained_on, held_out)
    require(not len(lost), f"{split} has all images of class {_listed(lost)}: {advice}")
    chance = chance_of_lacking(lacking, np.concatenate([trained_on, held_out]), len(held_out))
    message = f"{split} has no image of class {_listed(lacking)}: {advice}"
    require(chance >= LEAST_CHANCE, message)


def chance_of_lacking(classes: np.ndarray, label: np.ndarray, size: int) -> float:
    """An upper bound of the probability that a random split lacks some classes.

    `size` of the N labels are drawn without replacement. None of them is of the given classes, of
    which there are n labels, with probability C(N - n, size) / C(N, size). This is multiplied by
    the number of choices of so many classes, as others would have been noticed as well.
    """
    left = len(label) - int(np.isin(label, classes).sum())
    choices = _log_choose(len(np.unique(label)), len(classes))
    chance = choices + _log_choose(left, size) - _log_choose(len(label), size)
    return math.exp(min(0.0, chance))


def _log_choose(n, k):
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _listed(classes):
    more = f" and {len(classes) - MOST_LISTED} more" if len(classes) > MOST_LISTED else ""
    return ", ".join(map(str, classes[:MOST_LISTED])) + more

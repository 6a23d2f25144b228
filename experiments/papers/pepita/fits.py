"""The curves and distributions that the paper fits, with SciPy, and the goodness of the fits."""

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.optimize import curve_fit

FIT_EPOCHS = 60  # App. C: after these the learning rate drops


class Plateau(NamedTuple):
    """The plateau equation's parameters.

    Attributes:
        accuracy: of the plateau, a fraction.
        slowness: epochs to half of it.
    """

    accuracy: float
    slowness: float

    def __call__(self, epoch):
        """Accuracy after some epochs (Eq. 7 and 8); it is 0 at epoch 0 for all parameters."""
        return self.accuracy * epoch / (self.slowness + epoch)


class Distribution(NamedTuple):
    """One family fitted to some weights.

    Attributes:
        parameters: in SciPy's order. `norm` has mean and deviation; `t` has degrees of freedom,
            centre and scale.
        distance: the Kolmogorov-Smirnov distance, which is the largest difference between the
            fitted distribution function and that of the weights; 0 is a perfect fit.
        log_likelihood: natural logarithm of the density at the weights, as a mean over them.
    """

    parameters: tuple[float, ...]
    distance: float
    log_likelihood: float


def fit_plateau(accuracy):
    """Least squares on a test curve: the plateau and the slowness (App. C).

    The paper's fit also has the accuracy of chance at epoch 0. This point changes nothing: the
    equation is 0 there for all parameters, so that its error is a constant.

    Args:
        accuracy: fractions after epochs 1, 2, ..., `[E]`, at least two.
    """
    equation = lambda epoch, top, slowness: Plateau(top, slowness)(epoch)
    found, _ = _least_squares(equation, accuracy, (max(accuracy), 0.1))
    return Plateau(*map(float, found))


def fit_slowness(accuracy):
    """Least squares for the slowness alone; the plateau is the largest of the accuracies.

    The paper's released notebook fits in this way.

    Args:
        accuracy: as in `fit_plateau`.
    """
    top = float(max(accuracy))
    found, _ = _least_squares(
        lambda epoch, slowness: Plateau(top, slowness)(epoch), accuracy, (0.1,)
    )
    return Plateau(top, float(found[0]))


def _least_squares(equation, accuracy, start):
    epoch = np.arange(1.0, len(accuracy) + 1)
    return curve_fit(equation, epoch, accuracy, start, bounds=(0, np.inf))


def fit_distribution(family, values):
    """Maximum likelihood for a family of `scipy.stats`, `norm` or `t`.

    Args:
        family: its name.
        values: an array, not all equal.
    """
    fitted, values = getattr(stats, family), np.ravel(values).astype(float)
    mean, scale = values.mean(), values.std()
    standard = (values - mean) / scale  # otherwise SciPy's search depends on the unit
    *shape, centre, width = fitted.fit(standard)
    distance = stats.kstest(standard, fitted.cdf, args=(*shape, centre, width)).statistic
    likelihood = fitted.logpdf(standard, *shape, centre, width).mean() - np.log(scale)
    parameters = (*shape, mean + scale * centre, scale * width)
    return Distribution(tuple(map(float, parameters)), float(distance), float(likelihood))

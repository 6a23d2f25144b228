"""Curves and distributions that the paper fits, with SciPy, and how well they fit."""

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.optimize import curve_fit

FIT_EPOCHS = 60  # App. C: the rate drops after them


class Plateau(NamedTuple):
    """The plateau equation's parameters.

    Attributes:
        accuracy: of the plateau, a fraction.
        slowness: epochs to half of it.
    """

    accuracy: float
    slowness: float

    def __call__(self, epoch):
        """Accuracy after some epochs (Eq. 7 and 8); 0 after none, whatever the parameters."""
        return self.accuracy * epoch / (self.slowness + epoch)


class Distribution(NamedTuple):
    """One family fitted to some weights.

    Attributes:
        parameters: as SciPy orders them: of `norm` mean and deviation, of `t` degrees of freedom,
            centre and scale.
        distance: Kolmogorov and Smirnov's, the largest between the fitted distribution function
            and the weights' own: 0 is a perfect fit.
        log_likelihood: natural logarithm of the density at the weights, a mean over them.
    """

    parameters: tuple[float, ...]
    distance: float
    log_likelihood: float


def fit_plateau(accuracy, chance=None):
    """Least squares on a test curve (App. C).

    Args:
        accuracy: fractions after epochs 1, 2, ..., `[E]`, two at least.
        chance: the paper adds this accuracy at epoch 0. As the equation is 0 there whatever its
            parameters, the point's error is a constant, and they are the same without it.
    """
    epoch = np.arange(1, len(accuracy) + 1, dtype=float)
    if chance is not None:
        epoch, accuracy = np.r_[0, epoch], np.r_[chance, accuracy]
    equation = lambda epoch, top, slowness: Plateau(top, slowness)(epoch)
    start = max(accuracy), 0.1
    found, _ = curve_fit(equation, epoch, accuracy, start, bounds=([0, 0], np.inf))
    return Plateau(*map(float, found))


def fit_distribution(family, values):
    """Maximum likelihood for a family of `scipy.stats`, `norm` or `t`."""
    fitted = getattr(stats, family)
    parameters = fitted.fit(values)
    distance = stats.kstest(values, fitted.cdf, args=parameters).statistic
    likelihood = fitted.logpdf(values, *parameters).mean()
    return Distribution(tuple(map(float, parameters)), float(distance), float(likelihood))

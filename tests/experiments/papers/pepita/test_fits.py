"""Fits: curves and samples of which the parameters are known."""

import numpy as np
import pytest
from scipy import optimize, stats

from experiments.papers.pepita.fits import Plateau, fit_distribution, fit_plateau, fit_slowness

EPOCHS = np.arange(1, 61)


@pytest.mark.parametrize("slowness", [0.026, 0.785, 4.243])
def test_a_curve_that_follows_the_plateau_equation_has_its_slowness(slowness):
    fit = fit_plateau(0.5 * EPOCHS / (slowness + EPOCHS))
    np.testing.assert_allclose([fit.accuracy, fit.slowness], [0.5, slowness], rtol=1e-5)
    assert fit(fit.slowness) == pytest.approx(fit.accuracy / 2)  # what slowness means


@pytest.mark.parametrize("chance", [0.01, 0.1, 0.9])
def test_the_paper_s_point_at_epoch_0_cannot_change_the_fit(chance):
    noise = 0.01 * np.random.default_rng(0).normal(size=60)
    curve = Plateau(0.55, 0.6)(EPOCHS) + noise
    equation = lambda epoch, top, slowness: top * epoch / (slowness + epoch)
    with_chance = np.r_[0, EPOCHS], np.r_[chance, curve]
    expected, _ = optimize.curve_fit(equation, *with_chance, (0.5, 1))
    np.testing.assert_allclose(fit_plateau(curve), expected, rtol=1e-5)


def test_a_fit_of_least_squares_leaves_no_error_along_its_parameters():
    curve = Plateau(0.55, 0.6)(EPOCHS) + 0.01 * np.random.default_rng(1).normal(size=60)
    fit = fit_plateau(curve)
    residual = curve - fit(EPOCHS)
    by_accuracy, by_slowness = fit(EPOCHS), fit(EPOCHS) / (fit.slowness + EPOCHS)
    np.testing.assert_allclose([residual @ by_accuracy, residual @ by_slowness], 0, atol=1e-6)


def test_a_fit_of_slowness_alone_passes_half_of_the_largest_accuracy_there():
    curve = Plateau(0.55, 0.6)(EPOCHS) + 0.01 * np.random.default_rng(1).normal(size=60)
    fit = fit_slowness(curve)
    assert fit.accuracy == curve.max()
    by_slowness = fit(EPOCHS) / (fit.slowness + EPOCHS)
    assert (curve - fit(EPOCHS)) @ by_slowness == pytest.approx(0, abs=1e-6)


def test_a_sample_of_student_s_t_has_its_degrees_of_freedom():
    values = 0.2 * stats.t.rvs(4, size=20000, random_state=0) + 0.01
    freedom, centre, scale = (fit := fit_distribution("t", values)).parameters
    assert freedom == pytest.approx(4, rel=0.1)
    assert (centre, scale) == (pytest.approx(0.01, abs=0.01), pytest.approx(0.2, rel=0.05))
    normal = fit_distribution("norm", values)
    assert fit.distance < 0.01 < normal.distance
    assert fit.log_likelihood > normal.log_likelihood + 0.01


def test_a_normal_sample_is_fitted_by_its_moments_and_gains_nothing_from_a_t():
    values = np.random.default_rng(0).normal(0.1, 0.3, 5000)
    normal, student = (fit_distribution(family, values) for family in ("norm", "t"))
    np.testing.assert_allclose(normal.parameters, [values.mean(), values.std()])
    # Half the logarithm of 2 pi e variance: the negative entropy of a normal distribution.
    assert -normal.log_likelihood == pytest.approx(np.log(2 * np.pi * np.e * values.var()) / 2)
    assert student.log_likelihood - normal.log_likelihood < 1e-3
    assert student.parameters[0] > 30


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_very_small_and_large_weights_are_fitted_as_well(scale):
    values = stats.t.rvs(4, size=500, random_state=0)
    usual, scaled = (fit_distribution("t", factor * values) for factor in (1, scale))
    np.testing.assert_allclose(scaled.parameters, np.multiply(usual.parameters, [1, scale, scale]))
    assert scaled.distance == pytest.approx(usual.distance)
    assert scaled.log_likelihood == pytest.approx(usual.log_likelihood - np.log(scale))


def test_the_distance_is_the_largest_gap_between_distribution_functions():
    values = np.array([-1.0, 1.0])  # mean 0, deviation 1: steps to 1/2 at -1 and to 1 at 1
    gap = max(stats.norm.cdf(-1), 0.5 - stats.norm.cdf(-1), stats.norm.cdf(1) - 0.5)
    assert fit_distribution("norm", values).distance == pytest.approx(gap)

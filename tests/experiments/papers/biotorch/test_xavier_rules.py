"""biotorch's rules: how they draw weights and feedback."""

import jax
import numpy as np
import pytest

from experiments.papers.biotorch import rules
from pepita_jax import lenet5

NET = lenet5((32, 32, 1), 10)
# fan_in + fan_out of 6, 16 and 120 filters of 5x5, then of 120-84-10 units
FANS = (25 * (1 + 6), 25 * (6 + 16), 25 * (16 + 120), 120 + 84, 84 + 10)


def test_weights_are_uniform_with_xavier_s_variance_and_biases_are_zero():
    params, F = rules.XavierFA(NET).init(jax.random.key(0))
    for (W, b), fans in zip(params, FANS, strict=True):
        assert np.abs(W).max() == pytest.approx(np.sqrt(6 / fans), rel=0.05)
        assert np.abs(W).max() <= np.sqrt(6 / fans)
        assert not np.any(b)
    for B, (W, _), fans in zip(F, params[1:], FANS[1:], strict=True):
        assert B.shape == W.shape
        assert not np.array_equal(B, W)
        assert np.std(B) * np.sqrt(fans) == pytest.approx(np.sqrt(2), rel=0.05)


def test_uniform_magnitudes_are_the_deviation_and_random_ones_have_it():
    uniform = rules.XavierSignSymmetry(NET).init(jax.random.key(0))[1]
    drawn = rules.XavierSignSymmetry(NET, magnitudes="fixed_random").init(jax.random.key(0))[1]
    for one, other, fans in zip(uniform, drawn, FANS[1:], strict=True):
        np.testing.assert_allclose(one, np.sqrt(2 / fans), rtol=1e-6)
        assert other.shape == one.shape
        assert np.all(other >= 0)
        # The mean of |x|, x uniform with deviation s, is s sqrt(3) / 2.
        assert np.mean(other) * np.sqrt(fans / 2) == pytest.approx(np.sqrt(3) / 2, rel=0.05)


def test_batchwise_magnitudes_are_xavier_s_too():
    rule = rules.XavierSignSymmetry(NET, magnitudes="batchwise_random")
    assert rule.init(jax.random.key(0))[1] == ()
    for M, fans in zip(rule.draw_magnitudes(jax.random.key(3)), FANS[1:], strict=True):
        assert np.abs(M).max() <= np.sqrt(6 / fans)
        assert np.abs(M).max() == pytest.approx(np.sqrt(6 / fans), rel=0.05)

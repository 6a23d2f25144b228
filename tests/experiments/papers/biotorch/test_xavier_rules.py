"""biotorch's rules: how they draw weights and feedback."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.papers.biotorch import rules
from pepita_jax import Batch, lenet5

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


def test_direct_feedback_has_the_variance_of_xavier_s_weights():
    F = rules.XavierDFA(NET).init(jax.random.key(0))[1]
    assert [B.shape for B in F] == [(10, 14, 14, 6), (10, 5, 5, 16), (10, 1, 1, 120), (10, 84)]
    # At a corner one weight of a filter meets an input, and away from the border all 25.
    fans = 25 * (6 + 10)
    assert np.std(F[0][:, 0, 0]) * np.sqrt(fans) == pytest.approx(np.sqrt(2), rel=0.3)
    assert np.std(F[0][:, 7, 7]) * np.sqrt(fans) == pytest.approx(np.sqrt(25 * 2), rel=0.3)
    assert np.ptp(F[0][:, 4:10, 4:10], (1, 2)) == pytest.approx(0, abs=1e-6)
    # The last convolution has one position.
    assert np.std(F[1]) * np.sqrt(25 * (16 + 10)) == pytest.approx(np.sqrt(2), rel=0.05)
    assert np.std(F[2]) * np.sqrt(120 + 10) == pytest.approx(np.sqrt(2), rel=0.05)


def test_direct_feedback_is_the_gradient_through_one_random_layer(monkeypatch, float64):
    drawn = []
    draw = rules.draw
    monkeypatch.setattr(rules, "draw", lambda *args: drawn.append(draw(*args)) or drawn[-1])
    rule = rules.XavierDFA(NET)
    F = rule.init_feedback(jax.random.key(1))
    params = rule.init_params(jax.random.key(0))
    image = jax.random.normal(jax.random.key(2), (3, 32, 32, 1))
    batch = Batch(image, jnp.arange(3))
    activity = NET.forward(params, image)
    e = activity.h[-1] - NET.one_hot(batch.label)

    def error_through_random_layer(params_l, l):
        layer, above = NET.layers[l], replace(NET.layers[l + 1], units=10)
        h = jnp.maximum(layer.forward(activity.x[l], params_l), 0)
        scores = above.forward(layer.downstream(h), drawn[l])
        return jnp.einsum("bk,b...k->", e, scores) / len(e)

    found, _ = rule.pseudo_gradients(params, F, batch)
    for l in range(4):
        expected = jax.grad(error_through_random_layer)(params[l], l)
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-12), found[l], expected)

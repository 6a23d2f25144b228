"""How F is drawn."""

import jax
import numpy as np

from pepita_jax import build_network, build_rule


def test_F_is_uniform_with_the_width_of_table_2():
    """Its limit is 0.05 sqrt(6 / fan_in); Table 2's number is twice that."""
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10)
    F = np.asarray(build_rule("pepita", net).init_feedback(jax.random.key(0)))
    limit = 0.05 * np.sqrt(6 / 784)
    assert F.shape == (10, 28, 28, 1)
    assert 0.999 * limit < np.abs(F).max() <= limit
    np.testing.assert_allclose(F.std(), limit / np.sqrt(3), rtol=0.02)


def test_F_can_be_normal():
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10)
    rule = build_rule("pepita", net, feedback_init="he_normal", feedback_scale=1.0)
    F = np.asarray(rule.init_feedback(jax.random.key(0)))
    np.testing.assert_allclose(F.std(), np.sqrt(2 / 784), rtol=0.03)
    assert np.abs(F).max() > 3 * F.std()

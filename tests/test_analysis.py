"""Angles between updates, feedback and weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.analysis import alignment, angle
from tests.cases import (
    VARIANTS,
    make_batch,
    make_network,
    make_params,
    make_rule,
    make_weights,
    marked,
    pairs,
)

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 30.0, 90.0, 120.0, 179.999, 180.0])
def test_angles_are_those_of_a_rotation(degrees):
    theta = np.radians(degrees)
    a = jnp.array([[3.0, 0.0], [0.0, 0.0]])
    b = jnp.array([[0.2 * np.cos(theta), 0.2 * np.sin(theta)], [0.0, 0.0]])
    np.testing.assert_allclose(angle(a, b), degrees, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [1e25, 1e-25])
def test_angles_of_very_large_and_small_arrays_neither_over_nor_underflow(scale):
    v = jnp.arange(1.0, 4.0, dtype=jnp.float32)
    assert angle(v * jnp.float32(scale), v) < 0.1


def test_a_zero_array_has_no_angle():
    assert jnp.isnan(angle(jnp.zeros(3), jnp.ones(3)))


def measure(variant, net_name, F=None):
    rule = make_rule(variant, make_network(net_name))
    params, drawn = make_weights(rule)
    F = drawn if F is None else F(rule, params)
    return alignment(rule.net, rule, params, F, make_batch(rule.net)), params


@pytest.mark.parametrize(
    ("variant", "net_name"),
    marked(
        [*pairs(VARIANTS, "mlp, biases"), ("pepita", "conv, hidden layer")],
        pairs(VARIANTS, "conv, hidden layer"),
    ),
)
def test_every_rule_can_be_measured(variant, net_name):
    measured, params = measure(variant, net_name)
    assert len(measured.gradient_angle) == len(measured.weight_norm) == len(params)
    for found, W in zip(measured.weight_norm, params, strict=True):
        squares = (np.sum(np.square(x)) for x in jax.tree.leaves(W))
        np.testing.assert_allclose(found, np.sqrt(sum(squares)))
    assert measured.gradient_angle[-1] < 90
    for found in (*measured.gradient_angle, *measured.feedback_angle):
        assert jnp.isnan(found) or 0 <= found <= 180


@pytest.mark.parametrize("variant", ["fa", "dfa", "pepita", "pepita_mirrored"])
def test_feedback_equal_to_its_forward_equivalent_has_angle_zero(variant):
    measured, _ = measure(variant, "conv, hidden layer", lambda rule, W: rule.forward_equivalent(W))
    np.testing.assert_allclose(measured.feedback_angle, 0, atol=1e-6)


@pytest.mark.parametrize("variant", ["bp", "fa", "weight_mirror"])
def test_updates_equal_to_bp_s_have_angle_zero(variant):
    measured, _ = measure(variant, "conv, hidden layer", lambda rule, W: rule.forward_equivalent(W))
    np.testing.assert_allclose(measured.gradient_angle, 0, atol=1e-6)


def measure_deep_pepita():
    """The `Alignment`, and F and the product of the weights as the paper's matrices."""
    net = make_network("mlp, three layers")
    params, rule = make_params(net), pj.build_rule("pepita", net)
    F = rule.init_feedback(jax.random.key(3))
    product = np.linalg.multi_dot([np.asarray(W) for W in params]).T
    return (
        alignment(net, rule, params, F, make_batch(net)),
        np.asarray(F).reshape(net.num_classes, -1).T,
        product,
    )


def test_figure_3b_s_angle_is_that_between_F_and_the_product_of_the_weights():
    measured, F, product = measure_deep_pepita()
    a, b = product.T.ravel(), F.ravel()
    cosine = a @ b / np.sqrt(a @ a * (b @ b))
    np.testing.assert_allclose(measured.feedback_angle, [np.degrees(np.arccos(cosine))], rtol=1e-9)


def test_the_product_with_feedback_is_appendix_e_s_trace():
    measured, F, product = measure_deep_pepita()
    np.testing.assert_allclose(measured.feedback_product, [np.trace(F @ product)], rtol=1e-9)


def test_frozen_layers_have_no_gradient_angle():
    measured, _ = measure("shallow", "mlp, four layers, tanh")
    assert np.isnan(measured.gradient_angle[:-1]).all()
    np.testing.assert_allclose(measured.gradient_angle[-1], 0, atol=1e-6)


def test_dropout_is_that_of_the_given_network():
    net = make_network("mlp, three layers")
    rule, params, batch = pj.build_rule("fa", net), make_params(net), make_batch(net)
    F = rule.init_feedback(jax.random.key(3))
    without = alignment(net.without_dropout(), rule, params, F, batch)
    no_key = alignment(net, rule, params, F, batch._replace(key=None))
    np.testing.assert_array_equal(without.gradient_angle, no_key.gradient_angle)
    assert alignment(net, rule, params, F, batch).gradient_angle != without.gradient_angle


def test_scores_of_a_rule_s_own_and_its_updates_are_compared_without_dropout():
    """Those of `gevb` with errors=backward are the gradient itself."""
    net = pj.mlp((6, 6, 2), 4, hidden=(8,), dropout=0.5, input_dropout=0.3)
    rule, batch = pj.GEVB(net, errors="backward"), make_batch(net)
    angles = alignment(net, rule, *rule.init(jax.random.key(0)), batch).gradient_angle
    np.testing.assert_allclose(angles, 0, atol=1e-3)

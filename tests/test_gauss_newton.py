"""Gauss-Newton updates against closed forms, and against the rules that come near them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import build_network, build_rule
from pepita_jax.analysis import alignment, angle, gauss_newton
from tests.cases import assert_trees_close as assert_same
from tests.cases import make_batch, make_network, make_params

pytestmark = pytest.mark.usefixtures("float64")


def setting(**options):
    net = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, **options)
    params, batch = make_params(net), make_batch(net)
    activity = net.forward(params, batch.image)
    return net, params, batch, activity, activity.h[-1] - net.one_hot(batch.label)


def test_in_a_linear_network_it_is_the_pseudo_inverse_of_the_weights_above():
    net, params, batch, activity, e = setting(hidden=(7, 6), activation="linear")
    W_2, W_3 = params[1:]
    signals = (e @ jnp.linalg.pinv(W_2 @ W_3), e @ jnp.linalg.pinv(W_3), e)
    found = gauss_newton(net, params, batch, damping=0.0)
    assert_same(found, net.hebbian(activity.x, signals), rtol=1e-9, atol=1e-12)


def test_in_a_square_network_it_inverts_each_sample_s_jacobian():
    net, params, batch, activity, e = setting(hidden=(4, 4), activation="tanh")
    W_2, W_3 = (np.asarray(W) for W in params[1:])
    slopes = [1 - np.asarray(h) ** 2 for h in activity.h[:2]]
    d_2 = [np.linalg.inv((s[:, None] * W_3).T) @ e_k for s, e_k in zip(slopes[1], e, strict=True)]
    d_1 = [
        np.linalg.inv((s_1[:, None] * W_2 @ (s_2[:, None] * W_3)).T) @ e_k
        for s_1, s_2, e_k in zip(*slopes, e, strict=True)
    ]
    found = gauss_newton(net, params, batch, damping=0.0)
    wanted = net.hebbian(activity.x, (jnp.stack(d_1), jnp.stack(d_2), e))
    assert_same(found, wanted, rtol=1e-8, atol=1e-10)


def test_target_propagation_through_exact_inverses_is_gauss_newton_in_a_linear_network():
    net, params, batch, _, _ = setting(hidden=(4, 4), activation="linear")
    rule = build_rule("difference_target_propagation", net)
    F = tuple(jnp.linalg.inv(W).T for W in params[1:])
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    assert_same(found, gauss_newton(net, params, batch, damping=0.0), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("net_name", ["mlp, biases", "conv, normalized", "chain, strides"])
def test_strong_damping_makes_it_bp(net_name):
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    found = jax.jit(lambda params: gauss_newton(net, params, batch, damping=1e9))(params)
    bp, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    scaled = jax.tree.map(lambda dW: 1e9 * dW, found)
    assert_same(scaled, bp, rtol=1e-6, atol=1e-8)


def test_alignment_measures_the_angle_to_it_for_rules_that_come_near():
    net, params, batch, _, _ = setting(hidden=(7, 6))
    rule = build_rule("predictive_coding", net)
    found = alignment(net, rule, params, (), batch)
    dW, _ = rule.pseudo_gradients(params, (), batch)
    wanted = list(map(angle, dW, gauss_newton(net, params, batch)))
    np.testing.assert_allclose(found.gauss_newton_angle, wanted, rtol=1e-9)
    assert alignment(net, build_rule("bp", net), params, (), batch).gauss_newton_angle == ()

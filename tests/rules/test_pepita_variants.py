"""The rules that have PEPITA's two passes, against their equations and against one another."""

import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_network, build_rule
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.feedback import weight_product
from pepita_jax.rules.mirror import draw_layer_noise, mirror_updates
from tests.cases import (
    NETWORKS,
    UNLIKE_NETWORKS,
    make_batch,
    make_network,
    make_params,
    slow_after,
)
from tests.rules.test_pepita import INPUT_NOISE, assert_same, by_algorithm_1, make_rule


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "sign"), [*((n, 1) for n in NETWORKS), *((n, -1) for n in UNLIKE_NETWORKS[:2])]
)
def test_each_pass_of_pepita_hebbian_changes_the_weights_by_its_own_activity(name, sign):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net, "pepita_hebbian", modulation_sign=sign)
    pseudo_gradients, _ = rule.pseudo_gradients(params, F, batch)
    expected = by_algorithm_1(rule, params, F, batch, sign=sign, update="hebbian")
    assert_same(pseudo_gradients, expected)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["mlp, three layers", "conv, hidden layer"])
def test_noise_moves_the_input_along_F_instead_of_the_error(name):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net, INPUT_NOISE, noise_scale=0.5, noise_low=0.0)
    noise = rule.modulation(jnp.zeros((len(batch.image), net.num_classes)), batch)
    assert 0 <= noise.min() < noise.max() < 0.5

    pseudo_gradients, _ = rule.pseudo_gradients(params, F, batch)
    expected = by_algorithm_1(rule, params, F, batch, modulation=np.asarray(noise))
    assert_same(pseudo_gradients, expected)


def test_noise_has_the_interval_of_equation_11():
    net = make_network("mlp, two layers")
    rule, _ = make_rule(net, INPUT_NOISE, noise_scale=0.1, noise_low=-1.0)
    noise = np.asarray(rule.modulation(jnp.zeros(20000), make_batch(net)))
    np.testing.assert_allclose([noise.min(), noise.max()], [-0.1, 0.1], atol=1e-4)
    np.testing.assert_allclose(noise.mean(), 0, atol=5 * 0.1 / np.sqrt(3 * 20000))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", slow_after(4, UNLIKE_NETWORKS))
def test_mirrored_feedback_is_a_fixed_one_that_moves(name):
    """The updates are those of the rescaled product; B_l is descended as in weight_mirror."""
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    mirrored, B = make_rule(net, "pepita_mirrored", feedback_scale=0.05, mirror_decay=0.1)
    product = weight_product(net, B)
    F = product / product.std() * 0.05 * np.sqrt(2 / np.prod(net.input_shape))
    found, aux = mirrored.pseudo_gradients(params, B, batch)
    fixed, _ = make_rule(net, modulation_sign=-1)
    expected, _ = fixed.pseudo_gradients(params, F, batch)
    assert_same(found, expected)

    noise = draw_layer_noise(noise_key(net, batch, 1), net.layers, len(batch.image), 0.1)
    assert_same(aux["feedback"], mirror_updates(net.layers, params, B, noise, 0.1))

    hebbian, _ = make_rule(net, "pepita_mirrored", feedback_scale=0.05, updates="hebbian")
    fixed, _ = make_rule(net, "pepita_hebbian", modulation_sign=-1)
    assert_same(
        *(rule.pseudo_gradients(params, f, batch)[0] for rule, f in ((hebbian, B), (fixed, F)))
    )


def test_mirrored_feedback_has_the_deviation_of_fixed_feedback():
    net = build_network("mlp", input_shape=(20, 20, 2), num_classes=10, hidden=(30,))
    (fixed, F), (mirrored, B) = make_rule(net), make_rule(net, "pepita_mirrored")
    np.testing.assert_allclose(
        mirrored.input_feedback(B).std(), fixed.input_feedback(F).std(), rtol=0.03
    )


@pytest.mark.usefixtures("float64")
def test_small_modulation_along_the_mirrored_weights_descends_the_loss():
    """As F -> 0, x - F e gives dW_1 = W_1 F e x^T; with F = W_1^T W_2^T, BP's W_2^T e x^T is
    multiplied by W_1 W_1^T, which is positive semidefinite (column vectors)."""
    net = make_network("mlp, linear")
    params, batch = make_params(net), make_batch(net)
    rule = build_rule("pepita_mirrored", net, feedback_scale=1e-6)
    found, _ = rule.pseudo_gradients(params, params, batch)
    gradient, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    assert jnp.vdot(found[0], gradient[0]) > 0


def test_mirrored_feedback_that_would_climb_the_loss_is_refused():
    with pytest.raises(UserError, match=r"rule\.modulation_sign must be -1"):
        build_rule("pepita_mirrored", make_network("conv"), modulation_sign=1)

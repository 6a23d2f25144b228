"""FA and its kin: errors go back layer by layer, through weights that are not the forward ones."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import UserError, build_network, build_rule
from pepita_jax.analysis import angle
from pepita_jax.rules.weight_mirror import draw_layer_noise, mirror_updates
from pepita_jax.training import one_step
from tests import reference
from tests.cases import UNLIKE_NETWORKS, make_batch, make_network, make_params, slow_after, to_numpy
from tests.cases import assert_trees_close as assert_same

pytestmark = pytest.mark.usefixtures("float64")

KIN = {
    "fa": {},
    "sign_symmetry": {"magnitudes": "fixed_random"},
    "kolen_pollack": {"decay": 0.0},
    "weight_mirror": {},
}


def transcribed(net, params, backward, batch):
    """NumPy's chain rule with `backward` (of layers 2 to L) on the way back."""
    masks = to_numpy(net.draw_dropout(batch.key, len(batch.image)))
    target = np.asarray(net.one_hot(batch.label))
    weights = [None, *to_numpy(backward)]
    return reference.backpropagation(
        net, to_numpy(params), to_numpy(batch.image), target, masks, weights
    )


@pytest.mark.parametrize("net_name", UNLIKE_NETWORKS)
def test_fa_is_the_chain_rule_through_other_weights(net_name):
    net = make_network(net_name)
    params, B, batch = make_params(net), make_params(net, key=5)[1:], make_batch(net)
    found, _ = build_rule("fa", net).pseudo_gradients(params, B, batch)
    assert_same(found, transcribed(net, params, B, batch))


def test_the_skeleton_multiplies_each_hidden_signal_once():
    net = make_network("mlp, four layers, tanh")
    params, B, batch = make_params(net), make_params(net, key=5)[1:], make_batch(net)
    rule = build_rule("pepita_jax.rules.skeleton.Skeleton", net, strength=0.5)
    found, _ = rule.pseudo_gradients(params, B, batch)
    *hidden, output = transcribed(net, params, B, batch)
    assert_same(found, (*(0.5 * dW for dW in hidden), output))


@pytest.mark.parametrize("magnitudes", ["uniform", "fixed_random"])
@pytest.mark.parametrize("net_name", ["mlp, four layers, tanh", "conv, two blocks, padded"])
def test_sign_symmetry_is_the_chain_rule_through_weights_of_the_same_sign(net_name, magnitudes):
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    rule = build_rule("sign_symmetry", net, magnitudes=magnitudes)
    M = rule.init_feedback(jax.random.key(3))
    found, _ = rule.pseudo_gradients(params, M, batch)
    B = [np.sign(W) * m for W, m in zip(to_numpy(params[1:]), to_numpy(M), strict=True)]
    assert_same(found, transcribed(net, params, B, batch))


@pytest.mark.parametrize("net_name", slow_after(2, [*UNLIKE_NETWORKS[1:4], UNLIKE_NETWORKS[0]]))
@pytest.mark.parametrize("rule_name", KIN)
def test_with_the_forward_weights_as_feedback_it_is_bp(rule_name, net_name):
    """B = W, or |B| = |W| where the sign is W's already."""
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    rule = build_rule(rule_name, net, **KIN[rule_name])
    found, _ = rule.pseudo_gradients(params, rule.forward_equivalent(params), batch)
    expected, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    assert_same(found, expected)


def test_uniform_magnitudes_have_the_scale_of_initial_weights():
    net = build_network("mlp", input_shape=(8, 8, 2), num_classes=50, hidden=(200,))
    (M,) = build_rule("sign_symmetry", net).init_feedback(jax.random.key(0))
    np.testing.assert_allclose(M, np.sqrt(2 / 200), rtol=1e-6)
    initial = net.init(jax.random.key(0))[1]
    np.testing.assert_allclose(M.mean(), initial.std(), rtol=0.02)


def test_batchwise_magnitudes_differ_from_batch_to_batch():
    net = make_network("mlp, four layers, tanh")
    params, batch = make_params(net), make_batch(net)
    rule = build_rule("sign_symmetry", net, magnitudes="batchwise_random")
    F = rule.init_feedback(jax.random.key(3))
    other = batch._replace(key=jax.random.key(99))
    one, two = (rule.pseudo_gradients(params, F, b)[0] for b in (batch, other))
    assert not np.allclose(one[0], two[0])
    np.testing.assert_array_equal(one[-1], two[-1])  # the output layer has no feedback


def train(rule, optimizer, num_steps):
    """The states of a training on batches of their own, the initial one included."""
    states = [one_step.init_state(rule, optimizer, jax.random.key(0))]
    step = jax.jit(lambda state, batch: one_step.train_step(rule, optimizer, state, batch)[0])
    for i in range(num_steps):
        states.append(step(states[-1], make_batch(rule.net, key=i)))
    return states


def test_kolen_pollack_weights_and_feedback_approach_each_other_geometrically():
    """W_l - B_l is multiplied by 1 - learning rate x decay per step, whatever the data."""
    rule = build_rule("kolen_pollack", make_network("conv, hidden layer"), decay=0.5)
    states = train(rule, optax.sgd(0.1), 20)
    difference = lambda state: [
        W - B for W, B in zip(state.params[1:], state.feedback, strict=True)
    ]
    expected = [0.95**20 * d for d in difference(states[0])]
    assert_same(difference(states[-1]), expected, rtol=1e-9, atol=1e-14)


def test_kolen_pollack_is_bp_with_decay_once_converged():
    rule = build_rule("kolen_pollack", make_network("mlp, four layers, tanh"), decay=0.5)
    state = train(rule, optax.sgd(1.0), 50)[-1]  # 0.5^50: nothing is left of the difference
    batch = make_batch(rule.net)
    found, _ = rule.pseudo_gradients(state.params, state.feedback, batch)
    gradients, _ = build_rule("bp", rule.net).pseudo_gradients(state.params, (), batch)
    expected = [g + 0.5 * W for g, W in zip(gradients, state.params, strict=True)]
    assert_same(found, expected, rtol=1e-8, atol=1e-12)


def test_a_mirror_of_white_noise_is_exactly_proportional_to_the_weights():
    """Where the noise of a batch has covariance `decay` I, so has its mean: no sampling error."""
    net = make_network("mlp, three layers")
    params, B = make_params(net), make_params(net, key=5)
    decay, rng = 0.3, np.random.default_rng(0)
    for layer, W, b in zip(net.layers, params, B, strict=True):
        n = W.shape[0]
        rotation, _ = np.linalg.qr(rng.normal(size=(n, n)))
        u = jnp.asarray(rotation * np.sqrt(n * decay)).reshape(n, *layer.input_shape)
        (found,) = mirror_updates([layer], [W], [b], [u], decay)
        np.testing.assert_allclose(found, decay * (b - W), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("net_name", ["mlp, three layers", "conv, two blocks, padded"])
def test_a_mirror_s_expected_update_is_proportional_to_the_weights(net_name):
    net = make_network(net_name)
    params = make_params(net)
    none = [jnp.zeros_like(W) for W in params]
    noise = draw_layer_noise(jax.random.key(1), net.layers, 20000, 0.3)
    found = mirror_updates(net.layers, params, none, noise, 0.3)
    for dB, W in zip(found, params, strict=True):
        assert angle(-dB, W) < 5
        np.testing.assert_allclose(jnp.vdot(-dB, W) / jnp.vdot(W, W), 0.3, rtol=0.05)


def test_weight_mirrors_turn_the_feedback_towards_the_weights():
    rule = build_rule("weight_mirror", make_network("mlp, three layers"), decay=0.1)
    states = train(rule, optax.sgd(0.1), 600)
    for W, B, start in zip(
        states[-1].params[1:], states[-1].feedback, states[0].feedback, strict=True
    ):
        assert angle(B, W) < 20
        assert angle(B, W) < angle(start, W) - 20


@pytest.mark.parametrize(("rule_name", "decay"), [("kolen_pollack", -0.1), ("weight_mirror", 0.0)])
def test_a_decay_out_of_range_is_refused(rule_name, decay):
    with pytest.raises(UserError, match=r"rule\.decay must"):
        build_rule(rule_name, make_network("conv"), decay=decay)

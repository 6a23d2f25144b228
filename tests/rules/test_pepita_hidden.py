"""The error at a hidden layer: against PEPITA, and against direct feedback alignment."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_rule
from tests.cases import assert_trees_close, make_batch, make_network, make_params

NETWORKS = ["mlp, four layers, tanh", "mlp, biases", "conv, hidden layer"]


def update(rule, F, params, batch):
    return jax.jit(rule.pseudo_gradients)(params, F, batch)[0]


def make(name, **options):
    net = make_network(name)
    rule = build_rule("pepita_hidden", net, **options)
    return rule, make_params(net), rule.init_feedback(jax.random.key(3)), make_batch(net)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("modulate", ["layer", "every"])
@pytest.mark.parametrize("name", NETWORKS)
def test_small_feedback_gives_direct_feedback_alignment(name, modulate):
    """As F -> 0, (h_k - h_k^err) / scale -> -(e F_k) * s'(a_k); filters: a mean over positions.

    Under `normalize` it is the Jacobian of h_k that e F_k meets, and not its transpose.
    """
    rule, params, F, batch = make(name, modulate=modulate, feedback_scale=1.0)
    scale, net = 1e-6, rule.net
    found = update(rule, jax.tree.map(lambda F: scale * F, F), params, batch)
    minus_F = [jnp.zeros((net.num_classes, *layer.activity_shape)) for layer in net.layers[:-1]]
    for k, F_k in zip(rule.moved, F, strict=True):
        minus_F[k] = -F_k
    wanted = update(build_rule("dfa", net), tuple(minus_F), params, batch)
    for k in rule.moved:
        of_positions = lambda dW, layer=net.layers[k]: scale * dW / layer.num_positions
        assert_trees_close([found[k]], [jax.tree.map(of_positions, wanted[k])], 2e-5, 1e-11)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "mlp, normalized"])
def test_an_error_at_the_input_is_one_at_the_first_layer(name):
    """x + F_0 e moves a_1 by W_1 F_0 e; the inputs of layer 1 differ, unless they are x."""
    net = make_network(name)
    params, batch, pepita = make_params(net), make_batch(net), build_rule("pepita", net)
    F = 2 * jax.random.normal(jax.random.key(3), (net.num_classes, *net.input_shape))
    F_1 = F.reshape(net.num_classes, -1) @ params[0]
    found = update(build_rule("pepita_hidden", net), (F_1,), params, batch)
    assert_trees_close(found[1:], update(pepita, F, params, batch)[1:])
    standard = build_rule("pepita", net, presynaptic="standard")
    assert_trees_close(found[:1], update(standard, F, params, batch)[:1])


@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "conv, hidden layer"])
def test_layers_below_receive_exactly_nothing(name):
    rule, params, F, batch = make(name, layer=2)
    below, *above = update(rule, F, params, batch)
    assert not np.any(below)
    assert all(np.any(dW) for dW in above)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "mlp, three layers"])
def test_an_error_after_the_activation_loses_its_derivative(name):
    """A unit that is silenced stays so."""
    rule, params, F, batch = make(name, where="post", modulate="every")
    net = rule.net
    _, *masks = masks_of_all = net.draw_dropout(batch.key, len(batch.image))
    standard = net.forward(params, batch.image, masks_of_all)
    e = standard.h[-1] - net.one_hot(batch.label)
    Fe = [e @ F_k * (1 if mask is None else mask) for F_k, mask in zip(F, masks, strict=True)]
    hidden = [-x.T @ Fe_k / len(x) for x, Fe_k in zip(standard.x, Fe, strict=False)]
    assert_trees_close(update(rule, F, params, batch)[:-1], hidden, 1e-9)


@pytest.mark.usefixtures("float64")
def test_layers_above_see_the_moved_activity():
    """A NumPy transcription, with both passes whole."""
    rule, params, F, batch = make("mlp, four layers, tanh", layer=2, feedback_scale=2.0)
    W, t = [np.asarray(W) for W in params], np.asarray(rule.net.one_hot(batch.label))
    h = [np.asarray(batch.image).reshape(len(t), -1)]
    for W_l in W[:-1]:
        h.append(np.tanh(h[-1] @ W_l))
    e = np.asarray(jax.nn.softmax(h[-1] @ W[-1])) - t
    h_2 = np.tanh(h[1] @ W[1] + e @ np.asarray(F[0]))
    h_3 = np.tanh(h_2 @ W[2])
    wanted = [0 * W[0], h[1].T @ (h[2] - h_2), h_2.T @ (h[3] - h_3), h_3.T @ e]
    assert_trees_close(update(rule, F, params, batch), [dW / len(t) for dW in wanted], 1e-9)


def test_a_layer_that_is_not_hidden_is_refused():
    net = make_network("mlp, two layers")
    with pytest.raises(UserError, match=r"rule\.layer must be a hidden layer, 1 to 1, got 2"):
        build_rule("pepita_hidden", net, layer=2)
    with pytest.raises(UserError, match="PepitaHidden needs a hidden layer"):
        build_rule("pepita_hidden", make_network("mlp, one layer"))

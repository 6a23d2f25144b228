"""Difference target propagation: targets, and the inverses that carry them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import Batch, build_network, build_rule
from pepita_jax.networks.bias import without_bias
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.difference_target_propagation import DifferenceTargetPropagation
from pepita_jax.rules.mirror import draw_layer_noise
from tests.cases import assert_trees_close as assert_same
from tests.cases import make_batch, make_network, make_params
from tests.reference import ACTIVATIONS

pytestmark = pytest.mark.usefixtures("float64")

NAME = "difference_target_propagation"
LINEAR = {
    "mlp": ("mlp", {"hidden": (7, 6, 5), "dropout": 0.3, "bias": True}),
    "conv": ("chain", {"layers": "conv 3 3 padding=1, avgpool 2, conv 2 2, dropout 0.3, dense 5"}),
}


def update(rule, params, F, batch):
    return jax.jit(rule.pseudo_gradients)(params, F, batch)


def inverse_of(rule):
    return np.tanh if rule.inverse == "activated" else lambda a: a


def transcribed_signals(rule, params, B, activity, e):
    """`d_1 ... d_L` of a dense network in NumPy, sample by sample."""
    s, slope = inverse_of(rule), ACTIVATIONS[rule.net.activation][1]
    signals = []
    for k in range(len(e)):
        a, h = ([np.asarray(x[k]) for x in xs] for xs in (activity.a, activity.h))
        h[-1] = a[-1]  # feedback sees the scores
        if rule.last_step == "weights":
            target, d = h[-2] - rule.step * params[-1] @ e[k], [e[k]]
            d = [(h[-2] - target) / rule.step * slope(a[-2]), *d]
        else:
            target, d = h[-1] - rule.step * e[k], [e[k]]
        while len(d) < len(a):
            l = len(a) - len(d)  # from 0: of the layer whose target there is
            target = h[l - 1] + s(B[l - 1] @ target) - s(B[l - 1] @ h[l])
            d = [(h[l - 1] - target) / rule.step * slope(a[l - 1]), *d]
        signals.append(d)
    return [np.stack(d) for d in zip(*signals, strict=True)]


OF_LEE = {"reconstruction": "all", "inverse": "activated", "last_step": "weights"}


@pytest.mark.parametrize("options", [{}, {"reconstruction": "all", "inverse": "activated"}, OF_LEE])
def test_it_is_its_equations_sample_by_sample(options):
    net = make_network("mlp, four layers, tanh")
    rule = build_rule(NAME, net, step=0.3, noise=0.2, **options)
    params, batch, F = make_params(net), make_batch(net), rule.init_feedback(jax.random.key(3))
    activity = net.forward(params, batch.image)
    e = np.asarray(activity.h[-1] - net.one_hot(batch.label))

    found, aux = update(rule, params, F, batch)
    d = transcribed_signals(rule, params, F, activity, e)
    assert_same(found, [np.mean([np.outer(x, d) for x, d in zip(x, d_l, strict=True)], axis=0)
                        for x, d_l in zip(activity.x, d, strict=True)], rtol=1e-9)  # fmt: skip

    with_inverse = net.layers[1 : 1 + len(F)]
    noise = draw_layer_noise(noise_key(net, batch), with_inverse, len(e), 0.2**2)
    for l, (B, n, dB) in enumerate(zip(F, noise, aux["feedback"], strict=True), 1):
        B, n, h, W = (np.asarray(x) for x in (B, n, activity.h[l - 1], params[l]))
        send = (lambda a: a) if l == len(params) - 1 else np.tanh
        slope = (lambda G: 1 - G**2) if rule.inverse == "activated" else np.ones_like
        sent, sent_noisy = send(h @ W), send((h + n) @ W)
        G, G_noisy = (inverse_of(rule)(x @ B.T) for x in (sent, sent_noisy))
        if rule.reconstruction == "all":
            wanted = ((G_noisy - h - n) * slope(G_noisy)).T @ sent_noisy
        else:
            error = G_noisy - G - n
            wanted = (error * slope(G_noisy)).T @ sent_noisy - (error * slope(G)).T @ sent
        np.testing.assert_allclose(dB, wanted / len(e), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("last_step", ["weights", "feedback"])
@pytest.mark.parametrize("name", LINEAR)
def test_in_a_linear_network_with_the_weights_as_feedback_it_is_bp(name, last_step):
    model, options = LINEAR[name]
    net = build_network(model, input_shape=(6, 6, 2), num_classes=4, activation="linear", **options)
    params, batch = make_params(net), make_batch(net)
    rule = build_rule(NAME, net, last_step=last_step)
    found, _ = update(rule, params, rule.forward_equivalent(params), batch)
    expected, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    assert_same(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LINEAR)
def test_in_a_linear_network_feedback_learns_to_undo_each_layer(name):
    """The gradient of |n - (n W) B^T|^2 / 2, with pooling and dropout on both ways."""
    model, options = LINEAR[name]
    net = build_network(model, input_shape=(6, 6, 2), num_classes=4, activation="linear", **options)
    params, batch, rule = make_params(net), make_batch(net), build_rule(NAME, net)
    F, size = rule.init_feedback(jax.random.key(3)), len(batch.image)
    masks = (*net.draw_dropout(batch.key, size), None)
    noise = draw_layer_noise(noise_key(net, batch), net.layers[1:], size, rule.noise**2)

    def through(l, W, x):
        sent = net.layers[l].downstream(net.layers[l].multiply(x, without_bias(W)))
        return sent if masks[l + 1] is None else sent * masks[l + 1]

    @jax.jit
    @jax.grad
    def wanted(F):
        total = 0.0
        for l, (B, n) in enumerate(zip(F, noise, strict=True), 1):
            (back,) = jax.vjp(partial(through, l, B), n)[1](through(l, params[l], n))
            total += jnp.square(back - n).sum() / (2 * size)
        return total

    _, aux = update(rule, params, F, batch)
    assert_same(aux["feedback"], wanted(F), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("net_name", ["mlp, three layers", "conv, normalized", "chain, strides"])
def test_without_error_nothing_is_taught_whatever_the_feedback(net_name):
    net = make_network(net_name)
    rule = build_rule(NAME, net)
    params, batch, F = make_params(net), make_batch(net), rule.init_feedback(jax.random.key(3))

    @jax.jit
    def signals(params, F):
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)
        return rule.signals(params, F, activity, jnp.zeros_like(activity.h[-1]))

    assert not any(np.any(d) for d in signals(params, F))


class Inverting(DifferenceTargetPropagation):
    """Square layers of leaky rectifiers, and their exact inverses as feedback."""

    def G(self, l, B, masks, h):
        a = h if l == len(self.net.layers) - 1 else jnp.where(h < 0, h / 0.01, h)
        return a @ B.T  # the layer's own weights, inverted


def test_exact_inverses_carry_the_targets_of_gauss_newton():
    """In a square, invertible network `(h_l - t_l) / step` solves `J_l x = e`, sample by sample."""
    options = {"hidden": (4, 4, 4), "activation": "leaky_relu", "output": "linear"}
    net = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, **options)
    params, batch = make_params(net), make_batch(net)
    rule = Inverting(net, step=1e-7)
    F = tuple(jnp.linalg.inv(W).T for W in params[1:])
    activity = net.forward(params, batch.image)
    e = activity.h[-1] - net.one_hot(batch.label)
    found = rule.signals(params, F, activity, e)
    for k in range(len(e)):
        J = np.eye(4)  # of the scores in h_l
        for l in reversed(range(3)):
            slope = np.where(activity.a[l][k] > 0, 1, 0.01)
            J = J @ np.asarray(params[l + 1]).T
            np.testing.assert_allclose(found[l][k], np.linalg.solve(J, e[k]) * slope, rtol=1e-6)
            J = J * slope


@pytest.mark.parametrize("reconstruction", ["difference", "all"])
def test_an_inverse_has_nothing_left_to_learn(reconstruction):
    net = build_network("mlp", input_shape=(2, 2, 1), num_classes=4, hidden=(4, 4),
                        activation="linear")  # fmt: skip
    params, batch = make_params(net), make_batch(net)
    rule = build_rule(NAME, net, reconstruction=reconstruction)
    F = tuple(jnp.linalg.inv(W).T for W in params[1:])
    _, aux = update(rule, params, F, batch)
    assert_same(aux["feedback"], jax.tree.map(jnp.zeros_like, F), atol=1e-12)


def test_differences_teach_the_pseudo_inverse_where_there_is_no_inverse():
    """Fewer scores than units: with noise of every direction alike, B = pinv(W)^T rests."""
    net = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(8,))
    params, rule = make_params(net), build_rule(NAME, net)
    activity = net.forward(params, make_batch(net, size=4096).image)
    F = (jnp.linalg.pinv(params[1]).T,)
    loss = jax.jit(jax.grad(rule.reconstruction_loss))
    at_rest, elsewhere = (
        jnp.linalg.norm(loss(F, params, activity, jax.random.key(0))[0]) for F in (F, (0.0 * F[0],))
    )
    assert at_rest < 0.03 * elsewhere


def test_with_its_last_step_by_the_weights_one_hidden_layer_is_bp():
    net = make_network("conv")
    rule = build_rule(NAME, net, last_step="weights")
    params, batch = make_params(net), make_batch(net)
    found, aux = update(rule, params, (), batch)
    assert aux["feedback"] == rule.init_feedback(jax.random.key(0)) == ()
    expected, _ = build_rule("bp", net).pseudo_gradients(params, (), Batch(*batch[:2]))
    assert_same(found, expected)

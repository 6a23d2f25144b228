"""Burst propagation against its equations in NumPy, and against feedback alignment."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import BurstPropagation, UserError, build_network, chain
from tests.cases import INPUT_SHAPE, NUM_CLASSES, assert_trees_close, make_batch, make_network
from tests.cases import make_params as draw

pytestmark = pytest.mark.usefixtures("float64")

SIGMOID = {"activation": "sigmoid", "output": "sigmoid"}


def dense(**options):
    return build_network(
        "mlp", input_shape=INPUT_SHAPE, num_classes=NUM_CLASSES, hidden=(7, 6), **SIGMOID, **options
    )


def pooled():
    layers = "conv 3 3, maxpool 2, dropout 0.3, dense 5"
    return build_network(
        "chain", input_shape=INPUT_SHAPE, num_classes=NUM_CLASSES, layers=layers, bias=True,
        **SIGMOID,
    )  # fmt: skip


def updates(rule):
    return jax.jit(lambda params, F, batch: rule.pseudo_gradients(params, F, batch)[0])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def test_it_is_the_equations_sample_by_sample():
    net = dense()
    rule = BurstPropagation(net, burst_probability=0.3)
    params, batch = draw(net), make_batch(net)
    F = rule.init_feedback(jax.random.key(3))
    W, B, T = list(map(np.asarray, params)), list(map(np.asarray, F)), net.one_hot(batch.label)
    expected = [np.zeros_like(W_l) for W_l in W]
    for image, t in zip(np.asarray(batch.image).reshape(5, -1), np.asarray(T), strict=True):
        h = [image]
        for W_l in W:
            h.append(sigmoid(h[-1] @ W_l))
        p, p_t = [None, None, 0.3], [None, None, 0.3 * (1 + (t - h[3]) * (1 - h[3]))]
        for q in (p, p_t):
            q[1] = sigmoid(B[1] @ (q[2] * h[3]) * (1 - h[2]))
            q[0] = sigmoid(B[0] @ (q[1] * h[2]) * (1 - h[1]))
        for l in range(3):
            expected[l] -= np.outer(h[l], (p_t[l] - p[l]) * h[l + 1]) / 5
    assert_trees_close(updates(rule)(params, F, batch), expected)


@pytest.mark.parametrize("net", [dense(dropout=0.3), pooled()], ids=repr)
def test_weak_feedback_makes_it_feedback_alignment(net):
    """Times p_0 (kappa / 4)^{L-l}, and of the squared error; what is left falls with kappa."""
    rule = BurstPropagation(net, burst_probability=0.3)
    params, batch = draw(net), make_batch(net)
    F = rule.init_feedback(jax.random.key(3))

    @jax.jit
    def error(kappa):
        found, _ = rule.pseudo_gradients(params, [kappa * B for B in F], batch)
        activity = net.forward(params, batch.image, net.draw_dropout(batch.key, 5))
        h_L = activity.h[-1]
        of_error = 0.3 * (h_L - net.one_hot(batch.label)) * h_L * (1 - h_L)
        signals = net.backward(activity, F, of_error)
        scaled = [d * (kappa / 4) ** (2 - l) for l, d in enumerate(signals)]
        wanted = net.hebbian(activity.x, scaled)
        distance = lambda x, y: jnp.abs(x - y).max() / jnp.abs(y).max()
        return jnp.stack(jax.tree.leaves(jax.tree.map(distance, found, wanted)))

    errors = error(0.1), error(0.01)
    assert errors[1].max() < 1e-3
    assert errors[0][-1] < 1e-13  # the output layer, whatever the feedback
    hidden = slice(0, -1 - net.layers[-1].bias)
    np.testing.assert_array_less(errors[1][hidden], errors[0][hidden] / 5)


def test_feedback_is_that_of_feedback_alignment_times_its_scale():
    net = dense()
    one, other = (
        BurstPropagation(net, feedback_scale=scale).init_feedback(jax.random.key(0))
        for scale in (1.0, 0.3)
    )
    assert_trees_close(other, [0.3 * B for B in one])


@pytest.mark.parametrize(
    "net",
    [make_network("mlp, sigmoid output"), dense(normalize=True),
     chain(INPUT_SHAPE, NUM_CLASSES, layers="dense 5, dense 5 tanh", **SIGMOID)],
    ids=repr,
)  # fmt: skip
def test_networks_of_other_units_are_refused(net):
    with pytest.raises(UserError, match="needs activation sigmoid, output sigmoid"):
        BurstPropagation(net)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_probability_out_of_range_is_refused(probability):
    with pytest.raises(UserError, match=r"rule\.burst_probability must be"):
        BurstPropagation(dense(), burst_probability=probability)

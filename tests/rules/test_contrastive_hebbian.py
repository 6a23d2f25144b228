"""Contrastive Hebbian learning against its equations, and against backpropagation."""

import jax
import numpy as np
import pytest

from pepita_jax import BP, ContrastiveHebbian, UserError
from tests.cases import assert_trees_close, make_batch, make_network, make_params
from tests.rules.limits import error, updates

pytestmark = pytest.mark.usefixtures("float64")

# Each has a dropout mask, biases, pooling, or an output of its own.
SUITED = ("mlp, biases", "mlp, four layers, tanh", "chain, strides", "conv, hidden layer")


@pytest.mark.parametrize("net_name", SUITED)
def test_contrastive_hebbian_tends_to_backpropagation(net_name):
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    find = jax.jit(
        lambda gamma: ContrastiveHebbian(net, gamma=gamma).pseudo_gradients(params, (), batch)[0]
    )
    wanted = updates(BP(net))(params, batch)
    errors = [error(find(gamma), wanted) for gamma in (2e-3, 2e-4)]
    assert errors[0] < 0.02
    np.testing.assert_allclose(errors[0] / errors[1], 10, rtol=0.1)


def test_contrastive_hebbian_is_its_equations_sample_by_sample():
    """In NumPy, with phases that settle by damped steps of all layers at once."""
    net = make_network("mlp, four layers, tanh")
    params, batch = make_params(net), make_batch(net)
    found = updates(ContrastiveHebbian(net, gamma=0.2, steps=100))(params, batch)
    W, T = [np.asarray(W) for W in params], np.asarray(net.one_hot(batch.label))
    expected = [np.zeros_like(W_l) for W_l in W]
    for image, t in zip(np.asarray(batch.image).reshape(len(T), -1), T, strict=True):
        free, clamped = settled(image, W, None), settled(image, W, t)
        for l, dW_l in enumerate(expected):
            product = np.outer(clamped[l], clamped[l + 1]) - np.outer(free[l], free[l + 1])
            dW_l -= 0.2 ** (l + 1 - len(W)) * product / len(T)
    assert_trees_close(found, expected)


def settled(image, W, t):
    """Activities of the image and all layers, the output's clamped to t unless it is None."""
    h = [image, *(np.zeros(W_l.shape[1]) for W_l in W)]
    for _ in range(500):
        for l in range(1, len(W)):
            new = np.tanh(h[l - 1] @ W[l - 1] + 0.2 * W[l] @ h[l + 1])
            h[l] = (h[l] + new) / 2
        powers = np.exp(h[-2] @ W[-1])
        h[-1] = powers / powers.sum() if t is None else t
    return h


@pytest.mark.parametrize(
    ("net_name", "gamma"), [("mlp, biases", 1e-3), ("mlp, four layers, tanh", 0.01)]
)
def test_the_phases_difference_is_not_lost_in_rounding(net_name, gamma):
    """In the first layer it is of the size of 1e-6, and float32 resolves 1e-7."""
    net = make_network(net_name)
    rule = ContrastiveHebbian(net, gamma=gamma)
    with jax.enable_x64(False):
        params, batch = make_params(net), make_batch(net, dropout=False)
        found = updates(rule)(params, batch)
    in_double = lambda x: x.astype(float) if x.dtype == "float32" else x
    wanted = updates(rule)(*jax.tree.map(in_double, (params, batch)))
    assert error(found, wanted) < 1e-5


def test_normalized_networks_are_refused():
    with pytest.raises(UserError, match="ContrastiveHebbian needs a network without normalize"):
        ContrastiveHebbian(make_network("conv, normalized"))

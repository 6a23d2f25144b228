"""Backpropagation against three oracles: NumPy's chain rule, jax.grad, finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

from pepita_jax import AvgPool, GlobalAvgPool, MaxPool, build_rule
from tests import reference
from tests.cases import (
    NETWORKS,
    assert_trees_close,
    make_batch,
    make_network,
    make_params,
    to_numpy,
)

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_chain_rule_sample_by_sample(name):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    masks = to_numpy(net.draw_dropout(batch.key, len(batch.image)))
    target = np.asarray(net.one_hot(batch.label))

    gradients, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    expected = reference.backpropagation(
        net, to_numpy(params), to_numpy(batch.image), target, masks
    )
    assert_trees_close(gradients, expected)


ACTIVATIONS = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "gelu": lambda a: a * jax.scipy.stats.norm.cdf(a),
    "linear": lambda a: a,
}


def windows(x, size, stride):
    stride = stride or size
    return {"window_shape": (size, size), "strides": (stride, stride)}


POOLS = {
    MaxPool: lambda x, size, stride: nn.max_pool(x, **windows(x, size, stride)),
    AvgPool: lambda x, size, stride: nn.avg_pool(x, **windows(x, size, stride)),
    GlobalAvgPool: lambda x: jnp.mean(x, (1, 2)),
}


def direct_loss(net, params, batch):
    """The loss as JAX users write it: lax convolutions and pooling, no patches."""
    x = batch.image
    for layer, W in zip(net.layers[:-1], params[:-1], strict=True):
        W, b = W if layer.bias else (W, 0)
        if W.ndim == 4:
            strides, sides = (layer.stride,) * 2, [(layer.padding,) * 2] * 2
            x = jax.lax.conv_general_dilated(
                x, W, strides, sides, dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
        else:
            x = x.reshape(len(x), -1) @ W
        x = ACTIVATIONS[layer.activation or net.activation](x + jnp.broadcast_to(b, x.shape))
        if net.normalize:
            x = x / jnp.sqrt(jnp.var(x, axis=tuple(range(1, x.ndim)), keepdims=True) + 1e-8)
        for pool in layer.pools:
            x = POOLS[type(pool)](x, **vars(pool))
    W, b = params[-1] if net.layers[-1].bias else (params[-1], 0)
    scores = x.reshape(len(x), -1) @ W
    scores = scores + jnp.broadcast_to(b, scores.shape)
    target = jax.nn.one_hot(batch.label, net.num_classes)
    losses = {
        "softmax": lambda: optax.softmax_cross_entropy(scores, target),
        "sigmoid": lambda: optax.sigmoid_binary_cross_entropy(scores, target).sum(-1),
        "linear": lambda: 0.5 * ((scores - target) ** 2).sum(-1),
    }
    return losses[net.output]().mean()


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_gradient_of_the_loss(name):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net, dropout=False)

    gradients, aux = build_rule("bp", net).pseudo_gradients(params, (), batch)
    loss, expected = jax.value_and_grad(lambda p: direct_loss(net, p, batch))(params)
    np.testing.assert_allclose(aux["loss"], loss, rtol=1e-12)
    assert_trees_close(gradients, expected)


@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "conv, odd border"])
def test_it_predicts_how_the_loss_changes(name):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("bp", net)
    direction = make_params(net, key=7)

    def loss(step):
        moved = jax.tree.map(lambda W, D: W + step * D, params, direction)
        return rule.pseudo_gradients(moved, (), batch)[1]["loss"]

    gradients, _ = rule.pseudo_gradients(params, (), batch)
    pairs = zip(jax.tree.leaves(gradients), jax.tree.leaves(direction), strict=True)
    slope = sum(jnp.vdot(g, D) for g, D in pairs)
    step = 1e-5
    np.testing.assert_allclose((loss(step) - loss(-step)) / (2 * step), slope, rtol=1e-7)

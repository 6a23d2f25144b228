"""Feedback weights: how they are drawn, and the forward weights that they stand in for."""

import math

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import look_up
from pepita_jax.networks.bias import without_biases
from pepita_jax.networks.initializers import INITIALIZERS
from pepita_jax.networks.network import Network
from pepita_jax.types import Weights


def draw_input_feedback(key: Array, net: Network, init: str, scale: float) -> Array:
    """F, which carries one number per class to the input: `[num_classes, H, W, C]`.

    F is drawn like a first layer's weights, times `scale`; its fan-in is the input's size.
    With `he_uniform` it lies within +-scale * sqrt(6 / fan_in). Table 2 of the paper gives the
    width of this interval as "F std".
    """
    num_inputs = math.prod(net.input_shape)
    weights = look_up("feedback_init", init, INITIALIZERS)(key, (num_inputs, net.num_classes))
    return scale * weights.T.reshape(net.num_classes, *net.input_shape)


def draw_layer_feedback(key: Array, net: Network) -> Weights:
    """B_2 ... B_L, each drawn as its layer's forward weights are, and of their shape."""
    return without_biases(net.init(key)[1:])


def draw_direct_feedback(key: Array, net: Network) -> tuple[Array, ...]:
    """For each hidden layer, weights between its activity and the classes.

    They are a tuple of `[num_classes, *activity_shape]`, uniform within +-sqrt(6 / activity size),
    as in the programs of Frenkel et al. (2021).
    """

    def draw(l, shape):
        weights = INITIALIZERS["he_uniform"](
            jax.random.fold_in(key, l), (math.prod(shape), net.num_classes)
        )
        return weights.T.reshape(net.num_classes, *shape)

    return tuple(draw(l, layer.activity_shape) for l, layer in enumerate(net.layers[:-1]))


def weight_product(net: Network, weights: Weights, above: int = 0) -> Array:
    """The product of the layers' weights, with which input and direct feedback are compared.

    `W_{l+1} ... W_L` from layer l = `above` to the classes, transposed. Non-linearities and
    biases are left out, and max-pooling becomes summation, so that what remains is linear.

    Args:
        net: the network.
        weights: one array per layer, of the shapes of the network's weights; biases have no effect.
        above: 0 for the input, or the number of the layer (from 1) at whose activity the product
            begins.

    Returns:
        `[num_classes, H, W, C]` if `above` is 0 (Fig. 3b), else `[num_classes, *activity_shape]`
        of that layer.
    """
    below = net.layers[above - 1] if above else None

    def scores(h):
        x = below.downstream(h[None], linear=True) if below else h[None]
        for layer, W in zip(net.layers[above:], without_biases(weights[above:]), strict=True):
            x = layer.downstream(layer.forward(x, W), linear=True)
        return x[0]

    return jax.jacrev(scores)(jnp.zeros(below.activity_shape if below else net.input_shape))


def downstream_products(net: Network, weights: Weights) -> tuple[Array, ...]:
    """`weight_product` above each hidden layer, for which direct feedback stands in."""
    return tuple(weight_product(net, weights, l) for l in range(1, len(net.layers)))

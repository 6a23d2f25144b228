"""Learned classifiers of hidden layers: what they see of a layer, and how they are drawn."""

import math
from collections.abc import Sequence

import jax
from jax import Array

from pepita_jax.networks.initializers import INITIALIZERS
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.network import Network
from pepita_jax.networks.pooling import Shape, average_to
from pepita_jax.rules.feedback import downstream_products
from pepita_jax.types import Feedback, Masks, Weights

# Belilovsky et al. average a convolution to this many pixels per side for their classifiers.
SIDE = 2


def seen_shape(layer: Layer) -> Shape:
    """The shape of what a classifier sees of one sample."""
    *sides, units = layer.output_shape
    return (*(min(side, SIDE) for side in sides), units)


def see(layer: Layer, h: Array, mask: Array | None = None) -> Array:
    """What a classifier sees of a hidden layer: `[B, *activity_shape]` -> `[B, *seen_shape]`.

    It sees what the next layer receives; of a convolution, the means over quarters of the image.

    Args:
        layer: the hidden layer.
        h: its activity.
        mask: dropout mask of the pooled activity.
    """
    received = layer.downstream(h, mask)
    return average_to(received, SIDE) if received.ndim == 4 else received


def classify(z: Array, C: Array) -> Array:
    """Scores `[B, K]` that a classifier C `[K, *seen_shape]` gives for z, which it sees."""
    return z.reshape(len(z), -1) @ C.reshape(len(C), -1).T


def layer_scores(net: Network, F: Feedback, a: Sequence[Array], masks: Masks) -> tuple[Array, ...]:
    """Every layer's own scores, `[B, K]` each; the output layer's are its pre-activation.

    Args:
        net: the network.
        F: a classifier for each hidden layer.
        a: pre-activations of all layers.
        masks: of dropout.
    """
    z = (see(net.layers[l], net.activate(l, a[l], masks), masks[l + 1]) for l in range(len(F)))
    return (*map(classify, z, F), a[-1])


def local_losses(
    net: Network, F: Feedback, a: Sequence[Array], masks: Masks, t: Array
) -> tuple[Array, ...]:
    """The losses of `layer_scores` for targets t, `[B]` each."""
    return tuple(net.losses(scores, t) for scores in layer_scores(net, F, a, masks))


def draw_classifiers(key: Array, net: Network) -> tuple[Array, ...]:
    """For each hidden layer `[K, *seen_shape]`, drawn like the weights of an output layer there."""

    def draw(l, layer):
        shape = seen_shape(layer)
        draw_weights = INITIALIZERS[net.initializer]
        C = draw_weights(jax.random.fold_in(key, l), (math.prod(shape), net.num_classes))
        return C.T.reshape(net.num_classes, *shape)

    return tuple(draw(l, layer) for l, layer in enumerate(net.layers[:-1]))


def equivalent_classifiers(net: Network, params: Weights) -> tuple[Array, ...]:
    """The product of the weights above each hidden layer, averaged as a classifier sees it."""
    products = downstream_products(net, params)
    return tuple(average_to(P, SIDE) if P.ndim == 4 else P for P in products)

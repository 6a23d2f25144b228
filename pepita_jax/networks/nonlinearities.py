"""What follows a layer's product: activations, and outputs with the losses that fit them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,  # slope 0.01 below 0
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "gelu": partial(jax.nn.gelu, approximate=False),  # exact, by the normal distribution
    "linear": lambda a: a,
}


class Output(NamedTuple):
    """An output non-linearity, and the loss whose derivative in the scores is e = h_L - t.

    Attributes:
        activate: scores `[B, K]` -> h_L `[B, K]`.
        losses: scores and targets `[B, K]` -> the loss of each image, `[B]`.
    """

    activate: Callable[[Array], Array]
    losses: Callable[[Array, Array], Array]


OUTPUTS = {
    "softmax": Output(jax.nn.softmax, optax.softmax_cross_entropy),
    "sigmoid": Output(
        jax.nn.sigmoid, lambda a, t: optax.sigmoid_binary_cross_entropy(a, t).sum(-1)
    ),
    "linear": Output(lambda a: a, lambda a, t: optax.l2_loss(a, t).sum(-1)),
}

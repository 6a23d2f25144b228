"""Weights that learn from noise to mirror forward weights (Akrout et al., NeurIPS 2019)."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import without_biases
from pepita_jax.networks.layer import Layer


def draw_layer_noise(
    key: Array, layers: Sequence[Layer], batch_size: int, variance: float
) -> tuple[Array, ...]:
    """Normal noise for each layer's input: `[B, *input_shape]` each."""
    deviation, keys = jnp.sqrt(variance), jax.random.split(key, len(layers))
    return tuple(
        deviation * jax.random.normal(k, (batch_size, *layer.input_shape))
        for k, layer in zip(keys, layers, strict=True)
    )


def mirror_updates(
    layers: Sequence[Layer],
    weights: Sequence[Array],
    mirrored: Sequence[Array],
    noise: Sequence[Array],
    decay: float,
) -> tuple[Array, ...]:
    """`dB_l = -u_l^T y_l + decay B_l` for each of `layers`.

    Args:
        layers: of the network.
        weights: their forward weights W_l; biases among them have no effect.
        mirrored: their feedback weights B_l, of the same shapes.
        noise: u_l, `[B, *input_shape]` each.
        decay: of the feedback weights.
    """

    def update(layer, W, B, u):
        y = layer.multiply(u, W)
        # At how many positions each weight sees the image; at the others it sees the padding.
        one = lambda shape: jnp.ones((1, *shape), u.dtype)
        dense = layer.num_positions == 1
        inside = 1 if dense else layer.correlate(one(layer.input_shape), one(layer.activity_shape))
        return decay * B - layer.correlate(u, y) / (len(u) * inside)

    return tuple(map(update, layers, without_biases(weights), mirrored, noise))

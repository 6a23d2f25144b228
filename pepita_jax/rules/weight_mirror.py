"""Weight mirrors (Akrout, Wilson, Humphreys, Lillicrap & Tweed, NeurIPS 2019)."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from pepita_jax.errors import require
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.fa import FA


@dataclass(frozen=True)
class WeightMirror(FA):
    """Feedback alignment whose feedback learns from noise to mirror the forward weights.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch
        dB_l  = -u_l^T y_l + decay B_l             mean over B samples of noise, for l > 1

    Rows are samples. Between batches each layer's input is noise u_l with variance `decay`,
    and y_l = u_l W_l is its response, on the linear part of s. The mean of u_l^T y_l is
    decay W_l, so B_l settles at W_l. Convolutions: as in `fa`; in the mirror, the mean is also
    over the positions at which a weight sees the image and not its padding.

    Feedback: B_2 ... B_L, of the shapes of the weights; they learn, by an optimizer of the same
    kind as the weights'.

    Options:
        decay: of B, and variance of the noise: large is fast, small is accurate.
    """

    decay: float = 0.01
    learns_feedback: ClassVar[bool] = True

    def __post_init__(self):
        require(self.decay > 0, f"rule.decay must be positive, got {self.decay}")

    def pseudo_gradients(self, params, F, batch):
        dW, aux = super().pseudo_gradients(params, F, batch)
        layers, key = self.net.layers[1:], noise_key(self.net, batch)
        u = draw_layer_noise(key, layers, len(batch.image), self.decay)
        return dW, {**aux, "feedback": mirror_updates(layers, params[1:], F, u, self.decay)}


def draw_layer_noise(key, layers, batch_size, variance):
    """Normal noise for each layer's input: `[B, *input_shape]` each."""
    deviation, keys = jnp.sqrt(variance), jax.random.split(key, len(layers))
    return tuple(
        deviation * jax.random.normal(k, (batch_size, *layer.input_shape))
        for k, layer in zip(keys, layers, strict=True)
    )


def mirror_updates(layers, weights, mirrored, noise, decay):
    """`dB_l = -u_l^T y_l + decay B_l` for each of `layers`.

    Args:
        layers: of the network.
        weights: their forward weights W_l.
        mirrored: their feedback weights B_l, of the same shapes.
        noise: u_l, `[B, *input_shape]` each.
        decay: of the feedback weights.
    """

    def update(layer, W, B, u):
        y = layer.forward(u, W)
        # How often each weight sees the image: at the other positions it sees the padding.
        one = lambda shape: jnp.ones((1, *shape), u.dtype)
        dense = layer.num_positions == 1
        inside = 1 if dense else layer.hebbian(one(layer.input_shape), one(layer.activity_shape))
        return decay * B - layer.hebbian(u, y) / (len(u) * inside)

    return tuple(map(update, layers, weights, mirrored, noise))

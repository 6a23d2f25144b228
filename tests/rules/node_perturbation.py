"""A rule as a user would write one, with noise at the hidden units, for the tests of all rules.

Node perturbation (Fiete & Seung, Physical Review Letters 2006).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.types import Batch, Feedback, Updates, Weights

DIRECTIONS = 32  # noise patterns per batch; with 8 their variance costs digits ten points


@dataclass(frozen=True)
class NodePerturbation(Rule):
    """Each unit's noise, times what it does to the loss, stands in for the gradient there.

    z_l   ~ N(0, 1)                            noise at the hidden units' pre-activations
    d_l   = z_l (E(a + c z) - E(a)) / c        hidden layers, c -> 0, mean over some draws
    d_L   = e                                  output layer
    dW_l  = h_{l-1}^T d_l                      mean over the batch
    """

    draws_noise: ClassVar[bool] = True

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)

        def loss(z):
            return net.losses(net.forward(params, batch.image, masks, noise=z).a[-1], t)

        def signals(key):
            z = net.draw_noise(key, len(batch.image), 1.0)
            # The limit, for a difference of two losses would be lost in rounding.
            _, change = jax.jvp(loss, [jax.tree.map(jnp.zeros_like, z)], [z])
            return tuple(z_l * change.reshape(-1, *[1] * (z_l.ndim - 1)) for z_l in z)

        keys = jax.random.split(noise_key(net, batch), DIRECTIONS)
        d = jax.tree.map(lambda d_l: d_l.mean(0), jax.vmap(signals)(keys))
        e = activity.h[-1] - t
        return net.hebbian(activity.x, (*d, e)), net.measure(activity.a[-1], batch.label)

"""A rule as a newcomer would write one, with noise at the hidden units, for the tests of all rules.

Node perturbation (Fiete & Seung, Physical Review Letters 2006).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jax import Array

from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.types import Batch, Feedback, Updates, Weights

DIRECTIONS = 8  # noise patterns per batch


@dataclass(frozen=True)
class NodePerturbation(Rule):
    """Each unit's noise, times what it does to the loss, stands in for the gradient there.

    z_l   ~ N(0, sigma^2)                      noise at the hidden units' pre-activations
    d_l   = z_l (E(a + z) - E(a)) / sigma^2    hidden layers, mean over some draws
    d_L   = e                                  output layer
    dW_l  = h_{l-1}^T d_l                      mean over the batch
    """

    draws_noise: ClassVar[bool] = True

    sigma: float = 1e-2

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)

        def signals(key: Array) -> tuple[Array, ...]:
            z = net.draw_noise(key, len(batch.image), self.sigma)
            noisy = net.forward(params, batch.image, masks, noise=z)
            more = net.losses(noisy.a[-1], t) - net.losses(activity.a[-1], t)
            along = lambda z_l: z_l * more.reshape(-1, *[1] * (z_l.ndim - 1)) / self.sigma**2
            return tuple(map(along, z))

        keys = jax.random.split(noise_key(net, batch), DIRECTIONS)
        d = jax.tree.map(lambda d_l: d_l.mean(0), jax.vmap(signals)(keys))
        e = activity.h[-1] - t
        return net.hebbian(activity.x, (*d, e)), net.measure(activity.a[-1], batch.label)

"""Only the last layer learns: the control of Fig. 5 (F = 0)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from pepita_jax.rules.base import Rule
from pepita_jax.types import Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class Shallow(Rule):
    """The output layer learns by the delta rule; every other layer keeps its random weights.
    Rows are samples, as in the code.

        e     = h_L - t                            error, [B, K]
        dW_L  = h_{L-1}^T e                        output layer, mean over the batch
        dW_l  = 0                                  hidden layers

    An optimizer with weight decay still decays the frozen weights. This is PEPITA with F = 0
    (Dellaferrera & Kreiman, 2022, App. D, Eq. 10).

    Feedback: none.
    """

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net = self.net
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)

        e = activity.h[-1] - net.one_hot(batch.label)
        dW_L = jax.tree.map(lambda dW: dW / len(e), net.layers[-1].hebbian(activity.x[-1], e))

        frozen = jax.tree.map(jnp.zeros_like, params[:-1])
        return (*frozen, dW_L), net.measure(activity.a[-1], batch.label)

"""Decoupled greedy learning (Belilovsky, Eickenberg & Oyallon, ICML 2020).

With dense layers it is Mono-Forward (Gong, Li & Abdulla, 2025).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.nonlinearities import OUTPUTS
from pepita_jax.rules.base import Rule
from pepita_jax.rules.local_classifiers import (
    classify,
    draw_classifiers,
    equivalent_classifiers,
    layer_scores,
    see,
)
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class DecoupledGreedy(Rule):
    """Each hidden layer learns together with a classifier of its own. Rows are samples.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        e_l   = softmax(z_l C_l) - t               local error, [B, K]; z_l = h_l if dense
        d_l   = (e_l C_l^T) * s'(a_l)              hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch
        dC_l  = z_l^T e_l                          the same

    This is `local_error` with classifiers that learn. Each layer descends its own loss, which has
    the output's non-linearity; nothing returns from the layers above. Convolutions: z_l is what
    the next layer receives, averaged to 2x2 pixels as in the authors' program. Their classifiers
    have more layers, ours are the linear C_l alone.

    Feedback: C_1 ... C_{L-1}, kept transposed, [K, *shape of z_l], drawn as output weights are;
    they learn, by the optimizer of the weights or by one of their own.

    Options:
        readout: `last` classifies images by the last layer's scores, `sum` by the sum of all
            layers' scores (Mono-Forward has both).
    """

    learns_feedback: ClassVar[bool] = True

    readout: Literal["last", "sum"] = "last"

    def init_feedback(self, key: Array) -> Feedback:
        return draw_classifiers(key, self.net)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return equivalent_classifiers(self.net, params)

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        return self.read_out(F, self.net.forward(params, image))

    def read_out(self, F: Feedback, activity: Activity) -> Array:
        """Scores of the classes, `[B, K]`, of a forward pass."""
        if self.readout == "last":
            return activity.a[-1]
        return sum(layer_scores(self.net, F, activity.a, activity.masks), jnp.zeros(()))

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)

        def learn(l, C):
            see_layer = lambda h: see(net.layers[l], h, masks[l + 1])
            z, send_back = jax.vjp(see_layer, activity.h[l])
            e_l = OUTPUTS[net.output].activate(classify(z, C)) - t
            (g,) = send_back(jnp.tensordot(e_l, C, 1))
            return net.through_activation(l, activity, g), jnp.tensordot(e_l, z, (0, 0)) / len(t)

        learned = [learn(l, C) for l, C in enumerate(F)]
        d = (*(d_l for d_l, _ in learned), activity.h[-1] - t)
        aux = net.measure(self.read_out(F, activity), batch.label)
        return net.hebbian(activity.x, d), {**aux, "feedback": tuple(dC_l for _, dC_l in learned)}

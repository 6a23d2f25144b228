"""Sign symmetry (Liao, Leibo & Poggio, AAAI 2016; Moskovitz, Litwin-Kumar & Abbott, 2018)."""

import math
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import without_biases
from pepita_jax.rules.base import SignalRule
from pepita_jax.rules.feedback import draw_layer_feedback
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class SignSymmetry(SignalRule):
    """Feedback weights share the signs of the forward weights, not their magnitudes.

        e     = h_L - t                            error, [B, K]
        B_l   = sign(W_l) * M_l                    feedback, [n_{l-1}, n_l]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Rows are samples. Convolutions: as in `bp`, with B's filters on the way back.

    Feedback: the magnitudes M_2 ... M_L, of the shapes of the weights; `()` if they are drawn
    for each batch. Liao et al. normalize activities and updates; here M has the scale of
    initial weights instead.

    Options:
        magnitudes: `uniform` gives all magnitudes of a layer He's deviation sqrt(2 / fan_in);
            `fixed_random` draws them once, like weights; `batchwise_random` draws them for each
            batch.
    """

    magnitudes: Literal["uniform", "fixed_random", "batchwise_random"] = "uniform"

    @property
    def draws_noise(self) -> bool:
        return self.magnitudes == "batchwise_random"

    @property
    def splits_batches(self) -> bool:
        return self.magnitudes != "batchwise_random"

    def init_feedback(self, key: Array) -> Feedback:
        if self.magnitudes == "batchwise_random":
            return ()
        M = self.draw_magnitudes(key)
        if self.magnitudes == "fixed_random":
            return M
        return tuple(jnp.full_like(m, math.sqrt(2 / math.prod(m.shape[:-1]))) for m in M)

    def draw_magnitudes(self, key: Array) -> Weights:
        return jax.tree.map(jnp.abs, draw_layer_feedback(key, self.net))

    def forward_equivalent(self, params: Weights) -> Feedback:
        drawn_each_batch = self.magnitudes == "batchwise_random"
        return () if drawn_each_batch else jax.tree.map(jnp.abs, without_biases(params[1:]))

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        M = self.draw_magnitudes(key) if self.magnitudes == "batchwise_random" else F
        B = [jnp.sign(W) * M_l for W, M_l in zip(without_biases(params[1:]), M, strict=True)]
        return self.net.backward(activity, B, e)

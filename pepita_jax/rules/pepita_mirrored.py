"""PEPITA with weight mirrors (Srinivasan et al., "Forward Learning with Top-Down Feedback", 2024).

The mirrors are those of Akrout et al. (NeurIPS 2019).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from jax import Array

from pepita_jax.errors import require, require_number
from pepita_jax.networks.bias import without_biases
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.feedback import weight_product
from pepita_jax.rules.mirror import draw_layer_noise, mirror_updates
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.pepita_hebbian import hebbian_update
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class PepitaMirrored(Pepita):
    """PEPITA whose F is the product of matrices that learn to mirror the forward weights.

        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x - F e     modulated pass
        F        = c (B_L ... B_1)^T                          c: deviation as `pepita`'s F
        dB_l     = -u_l^T y_l + decay B_l                     mean over B samples of noise

    All else is as in `pepita` (Eq. 1-5). u_l is noise of variance `mirror_decay` at a layer's
    input, and y_l = u_l W_l is its response, as in `weight_mirror`. B_l settles at W_l.

    Feedback: B_1 ... B_L, of the shapes of the weights; they learn, by the optimizer of
    the weights or by one of their own.

    Options:
        presynaptic: as in `pepita`.
        output_error: as in `pepita`.
        feedback_scale: as in `pepita`.
        updates: the weights' updates, those of `pepita` or of `pepita_hebbian`.
        modulation_sign: must be -1: with F along the product of the forward weights, x + F e
            raises the loss.
        mirror_decay: decay of B_l, and variance of the noise. Large values learn faster, small
            ones more accurately.
        feedback_init: has no effect; B_l is drawn like W_l.
    """

    learns_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True

    modulation_sign: Literal[1, -1] = -1
    updates: Literal["pepita", "hebbian"] = "pepita"
    mirror_decay: float = 0.01

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.mirror_decay", self.mirror_decay, above=0)
        message = "rule.modulation_sign must be -1 in pepita_mirrored: with 1 the loss rises"
        require(self.modulation_sign == -1, message)

    def init_feedback(self, key: Array) -> Feedback:
        return without_biases(self.net.init(key))

    def forward_equivalent(self, params: Weights) -> Feedback:
        return without_biases(params)

    def input_feedback(self, F: Feedback) -> Array:
        product = weight_product(self.net, F)
        deviation = self.feedback_scale * math.sqrt(2 / math.prod(self.net.input_shape))
        return product * (deviation / product.std())

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        if self.updates == "hebbian":
            return hebbian_update(self.net, standard, modulated, t)
        return super().update(standard, modulated, t)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        layers, key = self.net.layers, noise_key(self.net, batch, purpose=1)
        u = draw_layer_noise(key, layers, len(batch.image), self.mirror_decay)
        return dW, {**aux, "feedback": mirror_updates(layers, params, F, u, self.mirror_decay)}

"""PEPITA: Present the Error to Perturb the Input To modulate Activity.

Dellaferrera & Kreiman, "Error-driven Input Modulation: Solving the Credit Assignment Problem
without a Backward Pass", ICML 2022. Later variants: Srinivasan et al., "Forward Learning with
Top-Down Feedback", ICLR 2024.
"""

import math
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from pepita_jax.errors import require
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.rules.feedback import draw_input_feedback, weight_product
from pepita_jax.rules.weight_mirror import draw_layer_noise, mirror_updates


@dataclass(frozen=True)
class Pepita(Rule):
    """Two forward passes; the second one sees the error, projected onto the input.

    In the paper's column vectors, for one sample (in the code, rows are samples):

        h_l      = s(W_l h_{l-1}),      h_0     = x           standard pass     (Eq. 1)
        e        = h_L - t                                    error, [B, K]
        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F e     modulated pass    (Eq. 2)

        dW_1     = (h_1 - h_1^err) (x + F e)^T                first layer       (Eq. 3)
        dW_l     = (h_l - h_l^err) (h_{l-1}^err)^T            hidden layers     (Eq. 4)
        dW_L     = e (h_{L-1}^err)^T                          output layer      (Eq. 5)

    Means over the batch, to be descended (Eq. 6). One dropout mask serves both passes, as a
    part of h. For a filter, the products at all output positions, before pooling, are summed
    and divided by the number of positions (Sec. 3.3).

    The time-local update needs nothing of one pass in the other (Srinivasan et al.):

        dW_l     = h_l h_{l-1}^T - h_l^err (h_{l-1}^err)^T
        dW_L     = h_L h_{L-1}^T - t (h_{L-1}^err)^T

    Feedback: F `[K, H, W, C]`, fixed and random (Table 2). Mirrored, F is the product of
    matrices B_1 ... B_L of the weights' shapes, each learning to mirror W_l as in
    `weight_mirror` (Srinivasan et al.), rescaled to the deviation that a fixed F has.

    Options:
        update: `joint` (Eq. 3-5) or `time_local`.
        presynaptic: `modulated` (h^err, Eq. 3-5) or `standard` (h; Sec. 3.2's variant, and
            the one of Appendix E), for every layer of a joint update.
        output_error: e of the `standard` pass in Eq. 5, or of the `modulated` pass, as in the
            authors' fully connected programs; for a joint update.
        modulation: the input moves along F by the `error`, or by `noise` r k (Eq. 11).
        modulation_sign: 1 for x + F e (Eq. 2), -1 for x - F e (Sec. 4.3).
        feedback: `fixed`, or `mirrored`, which needs modulation_sign -1: with F along the
            product of the forward weights, x + F e raises the loss.
        feedback_scale: F is He's initialisation times this number (Table 2: 0.05).
        feedback_init: distribution of a fixed F, `he_uniform` or `he_normal`.
        mirror_decay: of B_l, and variance of the noise: large is fast, small is accurate.
        noise_scale: k of Eq. 11; Fig. 5 uses 0.01, 0.1 and 1.
        noise_low: r is uniform in [noise_low, 1): -1 in the caption of Fig. 5, 0 in App. D.
    """

    update: Literal["joint", "time_local"] = "joint"
    presynaptic: Literal["modulated", "standard"] = "modulated"
    output_error: Literal["standard", "modulated"] = "standard"
    modulation: Literal["error", "noise"] = "error"
    modulation_sign: Literal[1, -1] = 1
    feedback: Literal["fixed", "mirrored"] = "fixed"
    feedback_scale: float = 0.05
    feedback_init: Literal["he_uniform", "he_normal"] = "he_uniform"
    mirror_decay: float = 0.01
    noise_scale: float = 0.1
    noise_low: float = -1.0

    def __post_init__(self):
        require(self.noise_low < 1, f"rule.noise_low must be below 1, got {self.noise_low}")
        message = f"rule.mirror_decay must be positive, got {self.mirror_decay}"
        require(self.mirror_decay > 0, message)
        message = "rule.feedback=mirrored needs rule.modulation_sign=-1; with 1 the loss rises"
        require(self.feedback == "fixed" or self.modulation_sign == -1, message)

    @property
    def learns_feedback(self):
        return self.feedback == "mirrored"

    def init_feedback(self, key):
        if self.feedback == "mirrored":
            return self.net.init(key)
        return draw_input_feedback(key, self.net, self.feedback_init, self.feedback_scale)

    def forward_equivalent(self, params):
        return params if self.feedback == "mirrored" else weight_product(self.net, params)

    def pseudo_gradients(self, params, F, batch):
        net, x, t = self.net, batch.image, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(x))

        standard, modulate = net.forward_and_move(params, x, self.input_feedback(F), masks)
        e = standard.h[-1] - t
        modulation = e if self.modulation == "error" else self.draw_r_k(batch, e.shape)
        modulated = modulate(self.modulation_sign * modulation)

        update = self.joint if self.update == "joint" else self.time_local
        products = zip(update(standard, modulated, t), net.layers, strict=True)
        dW = tuple(product / layer.num_positions for product, layer in products)
        aux = net.measure(standard.a[-1], batch.label)
        if self.feedback == "mirrored":
            aux["feedback"] = self.feedback_updates(params, F, batch)
        return dW, aux

    def joint(self, standard, modulated, t):
        """Eq. 3-5, summed over a filter's positions."""
        x = modulated.x if self.presynaptic == "modulated" else standard.x
        hidden = [h - h_err for h, h_err in zip(standard.h[:-1], modulated.h[:-1], strict=True)]
        output = standard.h[-1] if self.output_error == "standard" else modulated.h[-1]
        return self.net.hebbian(x, (*hidden, output - t))

    def time_local(self, standard, modulated, t):
        """The time-local update, summed likewise; the products of the two passes would lose
        their difference in rounding: u v - u' v' = u (v - v') + (u - u') v'."""
        minus = lambda one, other: jax.tree.map(jnp.subtract, one, other)
        h_err = (*modulated.h[:-1], t)
        by_activity = self.net.hebbian(standard.x, minus(standard.h, h_err))
        by_input = self.net.hebbian(minus(standard.x, modulated.x), h_err)
        return jax.tree.map(jnp.add, by_activity, by_input)

    def input_feedback(self, F):
        """F as it meets the error, `[K, H, W, C]`."""
        if self.feedback == "fixed":
            return F
        product = weight_product(self.net, F)
        deviation = self.feedback_scale * math.sqrt(2 / math.prod(self.net.input_shape))
        return product * (deviation / product.std())

    def feedback_updates(self, params, F, batch):
        """How B_1 ... B_L are to be descended."""
        layers, key = self.net.layers, noise_key(self.net, batch, purpose=1)
        u = draw_layer_noise(key, layers, len(batch.image), self.mirror_decay)
        return mirror_updates(layers, params, F, u, self.mirror_decay)

    def draw_r_k(self, batch, shape):
        """r k of Eq. 11."""
        key = noise_key(self.net, batch)
        return self.noise_scale * jax.random.uniform(key, shape, minval=self.noise_low)

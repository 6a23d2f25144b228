"""PEPITA: Present the Error to Perturb the Input To modulate Activity.

Dellaferrera & Kreiman, "Error-driven Input Modulation: Solving the Credit Assignment Problem
without a Backward Pass", ICML 2022.
"""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from pepita_jax.errors import require
from pepita_jax.feedback import draw_input_feedback
from pepita_jax.rules.base import Rule, correlate, like_params


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

    Feedback: F `[K, H, W, C]`, fixed and random (Table 2).

    Options:
        presynaptic: `modulated` (h^err, Eq. 3-5) or `standard` (h; Sec. 3.2's variant, and
            the one of Appendix E), for every layer.
        output_error: e of the `standard` pass in Eq. 5, or of the `modulated` pass, as in the
            authors' fully connected programs.
        modulation: the input moves along F by the `error`, or by `noise` r k (Eq. 11).
        modulation_sign: 1 for x + F e (Eq. 2), -1 for x - F e (Sec. 4.3).
        feedback_scale: F is He's initialisation times this number (Table 2: 0.05).
        feedback_init: distribution of F, `he_uniform` or `he_normal`.
        noise_scale: k of Eq. 11; Fig. 5 uses 0.01, 0.1 and 1.
        noise_low: r is uniform in [noise_low, 1): -1 in the caption of Fig. 5, 0 in App. D.
    """

    presynaptic: Literal["modulated", "standard"] = "modulated"
    output_error: Literal["standard", "modulated"] = "standard"
    modulation: Literal["error", "noise"] = "error"
    modulation_sign: Literal[1, -1] = 1
    feedback_scale: float = 0.05
    feedback_init: Literal["he_uniform", "he_normal"] = "he_uniform"
    noise_scale: float = 0.1
    noise_low: float = -1.0

    def __post_init__(self):
        require(self.noise_low < 1, f"rule.noise_low must be below 1, got {self.noise_low}")

    def init_feedback(self, key):
        return draw_input_feedback(key, self.net, self.feedback_init, self.feedback_scale)

    def pseudo_gradients(self, params, F, batch):
        net, x, t = self.net, batch.image, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(x))

        pre, a, h = net.forward(params, x, masks)
        e = h[-1] - t
        modulation = e if self.modulation == "error" else self.draw_noise(batch.key, e.shape)
        x_err = x + self.modulation_sign * jnp.tensordot(modulation, F, 1)
        pre_err, _, h_err = net.forward(params, x_err, masks)

        presynaptic = pre_err if self.presynaptic == "modulated" else pre
        output_error = e if self.output_error == "standard" else h_err[-1] - t

        dW = [
            correlate(presynaptic[l], h[l] - h_err[l]) / layer.num_positions
            for l, layer in enumerate(net.layers[:-1])
        ]
        dW.append(correlate(presynaptic[-1], output_error))
        return like_params(dW, params, len(x)), net.measure(a[-1], batch.label)

    def draw_noise(self, key, shape):
        """r k of Eq. 11."""
        require(key is not None, "modulation='noise' needs a batch with a key")
        noise_key = jax.random.fold_in(key, len(self.net.layers))
        return self.noise_scale * jax.random.uniform(noise_key, shape, minval=self.noise_low)

"""PEPITA: Present the Error to Perturb the Input To modulate Activity.

Dellaferrera & Kreiman, "Error-driven Input Modulation: Solving the Credit Assignment Problem
without a Backward Pass", ICML 2022.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule
from pepita_jax.rules.feedback import draw_input_feedback, weight_product
from pepita_jax.rules.moved import MOVED_FROM_PEPITA
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class InputModulation(Rule):
    """Two forward passes; the second one sees the error, projected onto the input.

    In the paper's column vectors, for one sample (in the code, rows are samples):

        h_l      = s(W_l h_{l-1}),      h_0     = x           standard pass     (Eq. 1)
        e        = h_L - t                                    error, [B, K]
        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F e     modulated pass    (Eq. 2)

    Subclasses say how the weights change. One dropout mask serves both passes, as a part of h.
    For a filter, the products at all output positions, before pooling, are summed and divided by
    the number of positions (Sec. 3.3).

    Feedback: F `[K, H, W, C]`, fixed and random (Table 2).
    """

    modulation_sign: Literal[1, -1] = 1
    feedback_scale: float = 0.05
    feedback_init: Literal["he_uniform", "he_normal"] = "he_uniform"

    def init_feedback(self, key: Array) -> Feedback:
        return draw_input_feedback(key, self.net, self.feedback_init, self.feedback_scale)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return weight_product(self.net, params)

    def in_two_passes(self, params: Weights, F: Feedback, batch: Batch) -> Weights:
        """The equations literally; the tests compare `pseudo_gradients` with them."""
        net, x, t = self.net, batch.image, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(x))

        standard = net.forward(params, x, masks)  # Eq. 1
        e = self.modulation_sign * self.modulation(standard.h[-1] - t, batch)
        Fe = jnp.tensordot(e, self.input_feedback(F), 1)
        modulated = net.forward(params, x + Fe, masks)  # Eq. 2, literally
        return self.per_position(self.update(standard, modulated, t))  # Eq. 3-5

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        """Like `in_two_passes`, but the modulated pass carries its difference from the standard.

        Two whole passes would lose this difference in rounding, and would take more time.
        """
        net, x, t = self.net, batch.image, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(x))

        standard, modulate = net.forward_and_move(params, x, self.input_feedback(F), masks)
        e = self.modulation_sign * self.modulation(standard.h[-1] - t, batch)
        modulated = modulate(e)  # Eq. 2
        dW = self.per_position(self.update(standard, modulated, t))
        return dW, net.measure(standard.a[-1], batch.label)

    def per_position(self, products: Weights) -> Weights:
        return per_position(self.net, products)

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        """Batch means of the products, one per layer, summed over a filter's positions."""
        raise NotImplementedError

    def input_feedback(self, F: Feedback) -> Array:
        """F as an array that multiplies the error, `[K, H, W, C]`."""
        return F

    def modulation(self, e: Array, batch: Batch) -> Array:
        """What F projects onto the input, `[B, K]`: the error."""
        del batch
        return e


@dataclass(frozen=True)
class Pepita(InputModulation):
    """Two forward passes; the second one sees the error, projected onto the input.

    In the paper's column vectors, for one sample (in the code, rows are samples):

        h_l      = s(W_l h_{l-1}),      h_0     = x           standard pass     (Eq. 1)
        e        = h_L - t                                    error, [B, K]
        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F e     modulated pass    (Eq. 2)

        dW_1     = (h_1 - h_1^err) (x + F e)^T                first layer       (Eq. 3)
        dW_l     = (h_l - h_l^err) (h_{l-1}^err)^T            hidden layers     (Eq. 4)
        dW_L     = e (h_{L-1}^err)^T                          output layer      (Eq. 5)

    All dW are means over the batch, to be descended (Eq. 6). One dropout mask serves both passes,
    as a part of h. For a filter, the products at all output positions, before pooling, are summed
    and divided by the number of positions (Sec. 3.3).

    Feedback: F `[K, H, W, C]`, fixed and random (Table 2).

    Options:
        presynaptic: `modulated` uses h^err in every layer (Eq. 3-5); `standard` uses h (the variant
            of Sec. 3.2 and of Appendix E).
        output_error: `standard` takes e in Eq. 5 from the standard pass; `modulated` takes it from
            the modulated pass, as in the authors' fully connected programs.
        modulation_sign: 1 for x + F e (Eq. 2), -1 for x - F e (Sec. 4.3).
        feedback_scale: F is He's initialization times this number (Table 2: 0.05).
        feedback_init: distribution of F, `he_uniform` or `he_normal`.
    """

    moved_options: ClassVar[dict[str, str]] = MOVED_FROM_PEPITA

    presynaptic: Literal["modulated", "standard"] = "modulated"
    output_error: Literal["standard", "modulated"] = "standard"

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        h, h_err = standard.h, modulated.h
        x = modulated.x if self.presynaptic == "modulated" else standard.x
        hidden = [
            h_l - h_l_err for h_l, h_l_err in zip(h[:-1], h_err[:-1], strict=True)
        ]  # Eq. 3, Eq. 4
        e = (h[-1] if self.output_error == "standard" else h_err[-1]) - t  # Eq. 5
        return self.net.hebbian(x, (*hidden, e))


def per_position(net: Network, products: Weights) -> Weights:
    """Divides each filter's summed products by its number of positions (Sec. 3.3)."""
    mean = lambda product, layer: jax.tree.map(lambda dW: dW / layer.num_positions, product)
    return tuple(map(mean, products, net.layers))

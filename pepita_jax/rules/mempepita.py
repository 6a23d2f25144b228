"""MEMPEPITA (Pau & Aymone, "Suitability of Forward-Forward and PEPITA Learning to MLCommons-Tiny
Benchmarks", IEEE COINS 2023)."""

from dataclasses import dataclass

from pepita_jax.data.images import to_float
from pepita_jax.rules.pepita import Pepita
from pepita_jax.types import Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class Mempepita(Pepita):
    """`pepita` in less memory: the standard pass is repeated beside the modulated one.

    In the paper's column vectors, for one sample (in the code, rows are samples):

        h_l      = s(W_l h_{l-1}),      h_0     = x           first pass, of which e alone is kept
        e        = h_L - t                                    error, [B, K]

        h_l      = s(W_l h_{l-1}),      h_0     = x           standard pass, again
        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F e     modulated pass, layer by layer beside
        dW_l     as in `pepita`, as soon as h_l and h_l^err are there

    The updates are those of `pepita`. Memory holds the activities of two layers at a time, not
    those of all layers. One more pass makes a third more products.

    Feedback: F, as in `pepita`.

    Options:
        presynaptic: as in `pepita`.
        output_error: as in `pepita`.
        modulation_sign: as in `pepita`.
        feedback_scale: as in `pepita`.
        feedback_init: as in `pepita`.
    """

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, x, t = self.net, batch.image, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(x))
        first = net.forward(params, x, masks)
        e = self.modulation_sign * self.modulation(first.h[-1] - t, batch)

        # XLA would merge two equal passes and keep the activities; from another x, it computes
        # both.
        x = to_float(x) + 0 * e.sum(1).reshape(-1, 1, 1, 1)
        standard, modulate = net.forward_and_move(params, x, self.input_feedback(F), masks)
        dW = self.per_position(self.update(standard, modulate(e), t))
        return dW, net.measure(first.a[-1], batch.label)

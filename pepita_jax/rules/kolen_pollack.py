"""Kolen-Pollack learning (Kolen & Pollack, 1994; Akrout et al., NeurIPS 2019)."""

from dataclasses import dataclass
from typing import ClassVar

import jax

from pepita_jax.errors import require_number
from pepita_jax.networks.bias import without_biases
from pepita_jax.rules.fa import FA
from pepita_jax.types import Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class KolenPollack(FA):
    """Feedback alignment whose feedback receives the same updates as the forward weights.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l + decay W_l          mean over the batch
        dB_l  = h_{l-1}^T d_l + decay B_l          the same, for l > 1

    Rows are samples. Under plain gradient descent with learning rate eta, each step multiplies
    W_l - B_l by 1 - eta decay, whatever the data. Convolutions: as in `fa`.

    Feedback: B_2 ... B_L, of the shapes of the weights; they learn, by the optimizer of
    the weights or by one of their own.

    Options:
        decay: weight decay of W and B; without it B does not approach W.
    """

    learns_feedback: ClassVar[bool] = True

    decay: float = 1e-4

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.decay", self.decay, at_least=0)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        with_decay = lambda dW, W: jax.tree.map(lambda dW, W: dW + self.decay * W, dW, W)
        dB = with_decay(without_biases(dW[1:]), F)
        return with_decay(dW, params), {**aux, "feedback": dB}

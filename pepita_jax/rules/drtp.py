"""Direct random target projection (Frenkel, Lefebvre & Bol, Frontiers in Neuroscience 2021)."""

from dataclasses import dataclass
from typing import Literal

from jax import Array

from pepita_jax.rules.dfa import DFA
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class DRTP(DFA):
    """Hidden layers learn from the targets: they need not wait for the output. Rows are samples.

        e     = h_L - t                            error, [B, K]
        d_L   = e / K                              output layer: the authors' loss is a mean
                                                   over the K classes
        d_l   = c (t B_l) * s'(a_l)                hidden layers, [B, n_l]; c is the batch size
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    The rule is meant for tanh hidden units and sigmoid outputs with binary cross-entropy, as in
    Sec. 4.1 of the PEPITA paper. The authors' networks also have biases, and dropout at the input
    of every dense layer, pixels included (a network's `bias` and `input_dropout`). Convolutions: as
    in `dfa`, before pooling.

    Feedback: B_1 ... B_{L-1}, as in `dfa`.

    Options:
        hidden_reduction: `sum` adds up hidden updates over the batch, as in the authors' program,
            to which Table 2's learning rates belong; `mean` averages them (c = 1).
        output_reduction: `mean` averages the loss over the classes, as in that program; `sum` adds
            it up (d_L = e).
    """

    hidden_reduction: Literal["sum", "mean"] = "sum"
    output_reduction: Literal["mean", "sum"] = "mean"

    @property
    def splits_batches(self) -> bool:
        return self.hidden_reduction == "mean"

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        factor = len(t) if self.hidden_reduction == "sum" else 1
        hidden = self.send(F, activity, t)
        d_L = e / self.net.num_classes if self.output_reduction == "mean" else e
        return (*(factor * d for d in hidden), d_L)

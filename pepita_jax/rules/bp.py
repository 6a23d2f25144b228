"""Backpropagation (Rumelhart, Hinton & Williams, 1986): the baseline."""

from dataclasses import dataclass

from jax import Array

from pepita_jax.rules.base import SignalRule
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class BP(SignalRule):
    """Backpropagation: the exact gradient of the loss. Rows are samples, as in the code.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} W_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Convolutions: the same at every position, summed over positions; the signal passes
    filters and pooling backwards (`Network.backward`).

    Feedback: none; errors return through the forward weights.
    """

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        return self.net.backward(activity, params[1:], e)

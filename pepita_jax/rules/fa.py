"""Feedback alignment (Lillicrap, Cownden, Tweed & Akerman, Nature Communications 2016)."""

from dataclasses import dataclass

from jax import Array

from pepita_jax.networks.bias import without_biases
from pepita_jax.rules.base import SignalRule
from pepita_jax.rules.feedback import draw_layer_feedback
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class FA(SignalRule):
    """Backpropagation through fixed random weights. Rows are samples, as in the code.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Convolutions: as in `bp`, with B's filters in place of W's on the way back.

    Feedback: B_2 ... B_L, fixed, each of the shape of W_l and drawn like it.
    """

    def init_feedback(self, key: Array) -> Feedback:
        return draw_layer_feedback(key, self.net)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return without_biases(params[1:])

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        return self.net.backward(activity, F, e)

"""Direct feedback alignment (Nøkland, NeurIPS 2016), and its variant with the error's sign."""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from pepita_jax.rules.base import SignalRule
from pepita_jax.rules.feedback import downstream_products, draw_direct_feedback
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class DFA(SignalRule):
    """The output's error, sent straight to each hidden layer. Rows are samples.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (e B_l) * s'(a_l)                  hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Convolutions: e B_l has a value for each filter and position, before pooling.

    Feedback: B_1 ... B_{L-1}, fixed and random, each [K, *shape of h_l before pooling].
    """

    def init_feedback(self, key: Array) -> Feedback:
        return draw_direct_feedback(key, self.net)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return downstream_products(self.net, params)

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        return (*self.send(F, activity, e), e)

    def send(self, F: Feedback, activity: Activity, v: Array) -> Signals:
        """`(v B_l) * s'(a_l)` for every hidden layer; v is `[B, K]`."""
        return tuple(
            self.net.through_activation(l, activity, jnp.tensordot(v, B, 1))
            for l, B in enumerate(F)
        )


@dataclass(frozen=True)
class SDFA(DFA):
    """`dfa` with the sign of the error for the hidden layers (Frenkel, Lefebvre & Bol, 2021).

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (sign(e) B_l) * s'(a_l)            hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Feedback: as in `dfa`.
    """

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        return (*self.send(F, activity, jnp.sign(e)), e)

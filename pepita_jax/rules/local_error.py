"""Local errors (Mostafa, Ramesh & Cauwenberghs, 2018; Nøkland & Eidnes, ICML 2019)."""

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.nonlinearities import OUTPUTS
from pepita_jax.rules.dfa import DFA
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class LocalError(DFA):
    """Each hidden layer learns to be classified by fixed random weights. Rows are samples.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        e_l   = softmax(h_l C_l) - t               local error, [B, K]
        d_l   = (e_l C_l^T) * s'(a_l)              hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    The local classifiers have the output's non-linearity, and its loss: the "prediction loss"
    of Nøkland & Eidnes. Convolutions: C_l sees all filters at all positions, before pooling.

    Feedback: C_1 ... C_{L-1}, fixed and random, kept transposed, [K, *shape of h_l].
    """

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        def local(l, C):
            h = activity.h[l]
            scores = h.reshape(len(h), -1) @ C.reshape(len(C), -1).T
            e_l = OUTPUTS[self.net.output].activate(scores) - t
            return self.net.through_activation(l, activity, jnp.tensordot(e_l, C, 1))

        return (*(local(l, C) for l, C in enumerate(F)), e)

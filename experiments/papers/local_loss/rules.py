"""The prediction loss of the authors' program, whose classifiers begin at zero."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import Affine
from pepita_jax.networks.network import Network
from pepita_jax.rules.decoupled_greedy import DecoupledGreedy
from pepita_jax.types import Feedback, Weights


@dataclass(frozen=True)
class PredictionLoss(DecoupledGreedy):
    """`decoupled_greedy`, with C_1 = ... = C_{L-1} = W_L = 0 before the first step."""

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return super().unsuited(net) if net.has_biases else "needs biases in every layer"

    def init_params(self, key: Array) -> Weights:
        *hidden, (W, b) = super().init_params(key)
        return (*hidden, Affine(jnp.zeros_like(W), b))

    def init_feedback(self, key: Array) -> Feedback:
        return jax.tree.map(jnp.zeros_like, super().init_feedback(key))

"""A rule that uses everything a rule may be, for the tests of training."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from pepita_jax import BP
from pepita_jax.networks.bias import without_bias


@dataclass(frozen=True)
class Unusual(BP):
    """Weights that are not negative, stepped layer by layer, read out with their running mean.

    First step:   dW_L by the delta rule, and nothing else
    Second step:  the gradient of the hidden layers, with the new W_L
    F:            a running mean of W_L, from its initial value on
    Scores:       the network's with (W_L + F) / 2 in place of W_L
    """

    sets_feedback: ClassVar[bool] = True
    feedback_from_weights: ClassVar[bool] = True
    steps_per_batch: ClassVar[int] = 2

    @classmethod
    def unsuited(cls, net):
        return "needs a hidden layer" if len(net.layers) < 2 else None

    def init_params(self, key):
        return self.project(super().init_params(key))

    def init_feedback(self, key, params=()):
        return without_bias(params[-1])

    def project(self, params):
        return jax.tree.map(lambda W: jnp.maximum(W, 0), params)

    def scores(self, params, F, image):
        W = params[-1]
        middle = (without_bias(W) + F) / 2
        top = W._replace(W=middle) if hasattr(W, "W") else middle
        return self.net.apply((*params[:-1], top), image)

    def pseudo_gradients(self, params, F, batch):
        dW, aux = super().pseudo_gradients(params, F, batch)
        hidden = jax.tree.map(jnp.zeros_like, dW[:-1])
        F = jax.tree.map(lambda F, W: 0.9 * F + 0.1 * W, F, without_bias(params[-1]))
        return (*hidden, dW[-1]), {**aux, "feedback_value": F}

    def second_pseudo_gradients(self, params, F, batch, aux):
        dW, aux = super().pseudo_gradients(params, F, batch)
        return (*dW[:-1], jax.tree.map(jnp.zeros_like, dW[-1])), aux

"""Equilibrium propagation (Scellier & Bengio, 2017; Laborieux et al., 2021, both in Frontiers)."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require, require_number
from pepita_jax.networks.network import Network
from pepita_jax.rules import relaxation
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class EquilibriumPropagation(Rule):
    """A recurrent network with symmetric weights settles freely, and with its output nudged to the
    target. Each weight learns from the change of its two units' product. Rows are samples.

        h_l   = s(h_{l-1} W_l + h_{l+1} W_{l+1}^T)       hidden layers, settled, [B, n_l]
        h_L   = -beta (s(h_{L-1} W_L) - t)               cost `network`
        h_L   = s(h_{L-1} W_L - beta (h_L - t))          cost `squared_error`
        dW_l  = -(h+_{l-1}^T h+_l - h-_{l-1}^T h-_l) / 2 beta          mean over the batch

    The free phase has beta = 0 and begins with the forward pass. From where it settles, h+ settles
    at beta and h- at -beta. As beta -> 0, dW is the gradient of the free phase's cost. The rule's
    scores are h_{L-1} W_L of the free phase. If the free phase has not settled, the update is
    biased; `residual` measures how far it is from settled. With cost `network`, h_L is what the
    output sends back, and a network with one hidden layer has no recurrence. Convolutions: the same
    at every position, summed over positions; feedback passes filters and pooling backwards.

    Feedback: none; activities return through the forward weights.

    Options:
        beta: strength of the nudge. In float32, rounding is felt below about 0.01.
        nudging: `symmetric` is as above, with an error of O(beta^2). `one_sided` has the free phase
            in place of h-, and beta in place of 2 beta; its error is O(beta). `random_sign` is
            one-sided, with a sign of beta drawn for each batch.
        cost: `network` is the loss of a readout of the last hidden layer, which is not a part of
            the recurrent network (Laborieux et al.). `squared_error` is `|h_L - t|^2 / 2` of output
            units that settle as the others do (Scellier & Bengio).
        free_steps: number of sweeps over the layers in the free phase.
        nudged_steps: number of sweeps in each nudged phase.
        init_scale: initial weights are the network's times this number. A network with large
            weights does not settle; what is large depends on the activation: 1 suits sigmoid.
    """

    beta: float = 0.1
    nudging: Literal["symmetric", "one_sided", "random_sign"] = "symmetric"
    cost: Literal["network", "squared_error"] = "network"
    free_steps: int = 20
    nudged_steps: int = 10
    init_scale: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.beta", self.beta, above=0)
        require_number("rule.init_scale", self.init_scale, above=0)
        message = "rule.cost=squared_error needs output sigmoid or linear: softmax couples units"
        require(self.cost == "network" or self.net.output != "softmax", message)

    @property
    def draws_noise(self) -> bool:
        return self.nudging == "random_sign"

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return relaxation.unsuited(net)

    def init_params(self, key: Array) -> Weights:
        return jax.tree.map(lambda W: self.init_scale * W, self.net.init(key))

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        return self.free_phase(params, self.net.forward(params, image)).u[-1]

    def residual(self, params: Weights, image: Array) -> Array:
        """How far the free phase is from settled: the largest change of h in one more sweep."""
        activity = self.net.forward(params, image)
        free = self.free_phase(params, activity)
        again = self._settle(params, activity, free.h, 0.0, 0.0, 1)
        changes = [jnp.abs(h - h_0).max() for h, h_0 in zip(again.h, free.h, strict=True)]
        return jnp.stack(changes).max()

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        activity = net.forward(params, batch.image, net.draw_dropout(batch.key, len(t)))
        free = self.free_phase(params, activity)
        nudge = lambda beta: self._settle(params, activity, free.h, beta, t, self.nudged_steps)

        beta, other, width = self.beta, free, self.beta
        if self.nudging == "symmetric":
            other, width = nudge(-beta), 2 * beta
        if self.nudging == "random_sign":
            beta = width = beta * jax.random.rademacher(noise_key(net, batch), (), float)
        change = jax.tree.map(jnp.subtract, nudge(beta), other)
        products = relaxation.contrast(net, other, change)
        dW = jax.tree.map(lambda product: -product / width, products)
        return dW, net.measure(free.u[-1], batch.label)

    def free_phase(self, params: Weights, activity: Activity) -> relaxation.Phase:
        h_L = activity.h[-1] if self.cost == "squared_error" else jnp.zeros_like(activity.h[-1])
        h = (*activity.h[:-1], h_L)
        return self._settle(params, activity, h, 0.0, 0.0, self.free_steps)

    def _settle(self, params, activity, h, beta, t, steps):
        s = lambda a_L: self.net.activate(len(params) - 1, a_L, activity.masks)
        output = {
            "network": lambda a_L, h_L: -beta * (s(a_L) - t),
            "squared_error": lambda a_L, h_L: s(a_L - beta * (h_L - t)),
        }[self.cost]
        return relaxation.settle(self.net, params, activity, h, output, steps)

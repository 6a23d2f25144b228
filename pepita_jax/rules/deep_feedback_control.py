"""Deep feedback control (Meulemans, Tristany Farinha, Garcia Ordonez, Vilimelis Aceituno,
Sacramento & Grewe, "Credit Assignment in Neural Networks through Deep Feedback Control", NeurIPS
2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import UserError, require_number
from pepita_jax.networks.jacobians import score_jacobians, solve_damped
from pepita_jax.networks.layers import Dense
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.rules.feedback import downstream_products
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class DeepFeedbackControl(Rule):
    """A controller changes all layers at once so that the scores reach their target, and each layer
    learns to do without the controller. The control is its steady state, linearized at the forward
    pass ("DFC-SSA"). Rows are samples.

        e     = h_L - t                                        error, [B, K]
        J_l   = d scores / d a_l                               of each sample, [K, n_l]
        u     = -step (sum_l J_l Q_l^T + damping I)^-1 e       control, [B, K]
        v_l   = s(v_{l-1}) W_l + u Q_l,   s(v_0) = h_0         controlled pass
        dW_l  = -s(v_{l-1})^T (s(v_l) - s(v_l - u Q_l)) / step   mean over the batch

    At the output s is the identity and Q_L = I. The paper's updates are these times `step`. Without
    that factor, learning rates are those of other rules.

    The network must have dense layers alone, as in the paper.

    Feedback: Q_1 ... Q_{L-1}, each [K, n_l], fixed at the product W_{l+1} ... W_L of the initial
    weights, transposed. Random feedback can make the sum singular.

    Options:
        step: the distance from the scores to their target, in units of the error.
        damping: damping of the control. As it grows, `damping` times dW_l with Q_l = J_l becomes
            backpropagation's update if s is ReLU.
    """

    feedback_from_weights: ClassVar[bool] = True
    nears_gauss_newton: ClassVar[bool] = True

    step: float = 0.1
    damping: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.step", self.step, above=0)
        require_number("rule.damping", self.damping, at_least=0)

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        are_dense = all(isinstance(layer, Dense) for layer in net.layers)
        return None if are_dense else "needs dense layers"

    def init_feedback(self, key: Array, params: Weights | None = None) -> Feedback:
        message = "this feedback begins from the weights: give init_feedback(key, params=params)"
        if params is None:
            raise UserError(f"{message}, or take rule.init(key)")
        return self.forward_equivalent(params)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return downstream_products(self.net, params)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, x = self.net, batch.image
        masks = net.draw_dropout(batch.key, len(x))
        activity = net.forward(params, x, masks)
        u = self.control(params, F, activity, activity.h[-1] - net.one_hot(batch.label))

        changes = [u @ Q for Q in F]
        controlled = net.forward(params, x, masks, noise=changes)
        pairs = enumerate(zip(controlled.a, changes, strict=False))  # hidden layers
        without = [net.activate(l, v - change, masks) for l, (v, change) in pairs]
        d = [(h - s) / self.step for h, s in zip(without, controlled.h, strict=False)]
        dW = net.hebbian(controlled.x, (*d, -u / self.step))
        return dW, net.measure(activity.a[-1], batch.label)

    def control(self, params: Weights, F: Feedback, activity: Activity, e: Array) -> Array:
        """The control u, `[B, K]`."""
        *hidden, M = score_jacobians(self.net, params, activity)  # J_L Q_L^T, [K, B, K]
        for J, Q in zip(hidden, F, strict=True):
            M = M + jnp.einsum("kbn,jn->kbj", J, Q)  # "bkj" is slower on a CPU
        return solve_damped(M.swapaxes(0, 1), self.damping, -self.step * e)


@dataclass(frozen=True)
class DeepFeedbackControlLearned(DeepFeedbackControl):
    """`deep_feedback_control` whose feedback learns from noise. Rows are samples.

        v_l   = s(v_{l-1}) W_l + n_l                     a pass with noise n_l = noise N(0, 1)
        y     = scores(v) - scores                       what the noise does to the scores, [B, K]
        dQ_l  = -y^T n_l / noise^2 + decay Q_l           mean over the batch, [K, n_l]

    Neither pass has dropout. The mean of y^T n_l / noise^2 is J_l, as long as the noise is small,
    so Q_l settles at the mean of J_l / decay.

    Feedback: Q_1 ... Q_{L-1}, which begin as in `deep_feedback_control` and learn, by the optimizer
    of the weights or by one of their own.

    Options:
        step: as in `deep_feedback_control`.
        damping: as in `deep_feedback_control`.
        noise: standard deviation of the noise.
        decay: decay of Q.
    """

    learns_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True

    noise: float = 0.05
    decay: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.noise", self.noise, above=0)
        require_number("rule.decay", self.decay, at_least=0)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        n = self.net.draw_noise(noise_key(self.net, batch), len(batch.image), self.noise)
        return dW, {**aux, "feedback": self.learn(params, F, batch.image, n)}

    def learn(self, params: Weights, F: Feedback, x: Array, n: Sequence[Array]) -> Feedback:
        """The updates dQ_l from noise n, an array `[B, n_l]` for each hidden layer."""
        y = self.net.forward(params, x, noise=n).a[-1] - self.net.apply(params, x)
        mean = lambda n: y.T @ n / (len(x) * self.noise**2)
        return tuple(self.decay * Q - mean(n) for n, Q in zip(n, F, strict=True))

"""Predictive coding (Whittington & Bogacz, Neural Computation 2017; Song et al., NeurIPS 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.rules.base import Rule
from pepita_jax.types import Activity, Batch, Feedback, Signals, Updates, Weights


@dataclass(frozen=True)
class PredictiveCoding(Rule):
    """Hidden states settle between the image and the target; then each layer learns to predict
    its own state. Rows are samples.

        mu_l   = s(x_{l-1}) W_l,   s(x_0) = image            predictions, [B, n_l]
        eps_l  = x_l - mu_l                                  prediction errors, [B, n_l]
        eps_L  = beta (t - h_L),   h_L of the scores mu_L    output layer, [B, K]
        x_l   <- x_l - gamma (eps_l - (eps_{l+1} W_{l+1}^T) * s'(x_l))    T times, l < L
        dW_l   = -s(x_{l-1})^T eps_l / beta                  mean over the batch

    The states x_l are pre-activations. They begin at those of the forward pass, and descend the
    energy `sum_l |eps_l|^2 / 2 + beta loss(mu_L, t)`, whose gradient is then beta dW_l. Without a
    target the forward pass is at the energy's minimum, so scores are the network's. Convolutions:
    the same at every position; errors pass filters and pooling backwards, at the states x_l.

    For small beta, dW_l is the gradient of the loss up to O(beta). With gamma = 1, eps_l after
    L - l steps is that of backpropagation (Z-IL, Song et al. 2020). With fixed predictions eps_l
    tends to that of backpropagation (Millidge, Tschantz & Buckley, 2022).

    Feedback: none; errors return through the forward weights.

    Options:
        steps: T. Errors reach layer l after L - l steps.
        step_size: gamma. If it is large, the states oscillate.
        nudge: beta. In float32, rounding is felt below about 0.001.
        predictions: `current` predictions follow the states x_l. With `fixed`, mu_l, h_L, s' and
            the s(x_{l-1}) of dW_l stay as in the forward pass.
    """

    nears_gauss_newton: ClassVar[bool] = True

    steps: int = 20
    step_size: float = 0.1
    nudge: float = 1.0
    predictions: Literal["current", "fixed"] = "current"

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.step_size", self.step_size, at_least=0)
        require_number("rule.nudge", self.nudge, above=0)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        activity = net.forward(params, batch.image, net.draw_dropout(batch.key, len(t)))
        start = activity.a[:-1]
        predict = partial(self.predict, params, activity)
        if self.predictions == "fixed":
            of_start = predict(start)
            predict = lambda x: of_start

        def step(_, x):
            mu, back, _ = predict(x)
            eps = self.errors(x, mu, t)
            layers = zip(x, eps[:-1], back, eps[1:], strict=True)
            return tuple(
                x_l - self.step_size * (eps_l - send(eps_above)[0])
                for x_l, eps_l, send, eps_above in layers
            )

        x = jax.lax.fori_loop(0, self.steps, step, start)
        mu, _, inputs = predict(x)
        signals = [-eps_l / self.nudge for eps_l in self.errors(x, mu, t)]
        return net.hebbian(inputs, signals), net.measure(activity.a[-1], batch.label)

    def predict(self, params: Weights, activity: Activity, x: Sequence[Array]) -> Any:
        """What states x of the hidden layers predict.

        Args:
            params: weights.
            activity: the forward pass; it gives the image's input and the dropout masks.
            x: `x_1 ... x_{L-1}`.

        Returns:
            `mu_1 ... mu_L`; for l < L functions `eps_{l+1} -> ((eps_{l+1} W_{l+1}^T) * s'(x_l),)`;
            and what each layer receives.
        """
        net, masks = self.net, activity.masks

        def from_below(l, x_l):
            received = net.input_of(l + 1, net.activate(l, x_l, masks), masks)
            return net.layers[l + 1].forward(received, params[l + 1]), received

        found = [jax.vjp(partial(from_below, l), x_l, has_aux=True) for l, x_l in enumerate(x)]
        mu, back, inputs = zip(*found, strict=True) if found else ((), (), ())
        return (activity.a[0], *mu), back, (activity.x[0], *inputs)

    def errors(self, x: Sequence[Array], mu: Sequence[Array], t: Array) -> Signals:
        """The errors `eps_1 ... eps_L`."""
        hidden = (x_l - mu_l for x_l, mu_l in zip(x, mu[:-1], strict=True))
        h_L = self.net.activate(len(x), mu[-1], ())
        return (*hidden, self.nudge * (t - h_L))

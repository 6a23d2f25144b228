"""Forward direct feedback alignment (Bacho & Chu, Neural Networks 2024)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.bias import without_bias
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.dfa import DFA
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class ForwardDFA(DFA):
    """`dfa` whose feedback forward-mode differentiation estimates from the network above.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (e B_l) * s'(a_l)                  hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch
        y_l   = (y_{l-1} W_l) * s'(a_l) + v_l      change of h_l, if v is added in every layer:
        y_L   = y_{L-1} W_L                        of the scores; v_l ~ N(0, 1), [B, n_l], y_0 = 0
        B_l  <- (1 - share) B_l + share y_L^T v_l  mean over the batch

    Rows are samples. The mean of y_L^T v_l is da_L/dh_l, so B_l follows the mean of that Jacobian
    over samples; above the last hidden layer it is W_L^T, and that layer learns as in `bp`.
    One forward-mode differentiation of all layers gives y. The authors instead descend
    B_l - y_L^T v_l with Adam. Convolutions: as in `dfa`, before pooling.

    Feedback: B_1 ... B_{L-1}, shaped as in `dfa`: running means that begin at 0.

    Options:
        share: share of a batch in the running means. Large values learn faster, small ones more
            accurately.
    """

    draws_noise: ClassVar[bool] = True
    sets_feedback: ClassVar[bool] = True

    share: float = 0.001

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.share", self.share, above=0, below=1)

    def init_feedback(self, key: Array) -> Feedback:
        hidden, K = self.net.layers[:-1], self.net.num_classes
        return tuple(jnp.zeros((K, *layer.activity_shape)) for layer in hidden)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net = self.net
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)
        e = activity.h[-1] - net.one_hot(batch.label)
        dW = net.hebbian(activity.x, (*self.send(F, activity, e), e))

        v = net.draw_noise(noise_key(net, batch), len(e), 1.0)
        y = push_forward(net, params, activity, v)
        estimates = (jnp.tensordot(y, v_l, (0, 0)) / len(e) for v_l in v)
        B = tuple(B + self.share * (new - B) for B, new in zip(F, estimates, strict=True))
        return dW, {**net.measure(activity.a[-1], batch.label), "feedback_value": B}


def push_forward(net: Network, params: Weights, activity: Activity, v: Any) -> Array:
    """How the scores change, `[B, K]`, if each hidden layer's activity moves along v_l."""
    y = jnp.zeros_like(activity.a[0])
    for l, (v_l, layer) in enumerate(zip(v, net.layers[1:], strict=True)):
        activate = partial(net.activate, l, masks=activity.masks)
        downstream = partial(net.layers[l].downstream, mask=activity.masks[l + 1])
        _, y = jax.jvp(activate, [activity.a[l]], [y])
        _, y = jax.jvp(downstream, [activity.h[l]], [y + v_l])
        y = layer.multiply(layer.receive(y), without_bias(params[l + 1]))
    return y

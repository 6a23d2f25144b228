"""PEPITA with the error at a hidden layer (Dellaferrera & Kreiman, ICML 2022, Discussion)."""

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule
from pepita_jax.rules.feedback import draw_direct_feedback, weight_product
from pepita_jax.rules.pepita import per_position
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class PepitaHidden(Rule):
    """PEPITA's second pass begins at hidden layer k, whose pre-activation is moved by the error.

    In the paper's column vectors, for one sample (in the code, rows are samples):

        h_l      = s(W_l h_{l-1}),              h_0 = x       standard pass
        e        = h_L - t                                    error, [B, K]
        h_k^err  = s(W_k h_{k-1} + F_k e)                     modulated pass, from layer k on
        h_l^err  = s(W_l h_{l-1}^err)                         layers l > k

        dW_l     = 0                                          layers l < k
        dW_k     = (h_k - h_k^err) h_{k-1}^T
        dW_l     = (h_l - h_l^err) (h_{l-1}^err)^T            hidden layers l > k
        dW_L     = e (h_{L-1}^err)^T                          output layer

    All dW are means over the batch, to be descended. With `modulate` at `every`, each hidden layer
    is moved by its own F_k and passes nothing on: the equations of layer k hold for each.

    As F -> 0, layer k learns as in `dfa` with feedback -F_k, except with `post` or `normalize`.
    `pepita` moves the input by F e, and so the first layer's pre-activation by W_1 F e, which
    adapts as W_1 learns. Filters and dropout: as in `pepita`; F_k e has a value for each filter and
    position.

    Feedback: F_k of the layers that are moved, [K, *shape of h_k before pooling], fixed and random.

    Options:
        modulate: the error moves one `layer`, or `every` hidden layer.
        layer: k, from 1.
        where: `pre` adds F_k e before the activation, `post` adds it to h_k itself.
        modulation_sign: 1 for + F_k e, -1 for - F_k e.
        feedback_scale: F_k is the feedback of `dfa` times this number.
    """

    modulate: Literal["layer", "every"] = "layer"
    layer: int = 1
    where: Literal["pre", "post"] = "pre"
    modulation_sign: Literal[1, -1] = 1
    feedback_scale: float = 0.05

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return None if len(net.layers) > 1 else "needs a hidden layer"

    def __post_init__(self):
        super().__post_init__()
        hidden = len(self.net.layers) - 1
        message = f"rule.layer must be a hidden layer, 1 to {hidden}, got {self.layer!r}"
        require(self.layer in range(1, hidden + 1), message)

    @property
    def moved(self) -> range:
        """The layers that the error moves, from 0."""
        one, all_hidden = range(self.layer - 1, self.layer), range(len(self.net.layers) - 1)
        return one if self.modulate == "layer" else all_hidden

    def init_feedback(self, key: Array) -> Feedback:
        F = draw_direct_feedback(key, self.net)
        return tuple(self.feedback_scale * F[k] for k in self.moved)

    def forward_equivalent(self, params: Weights) -> Feedback:
        return tuple(weight_product(self.net, params, above=k + 1) for k in self.moved)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))

        standard = net.forward(params, batch.image, masks)
        e = standard.h[-1] - t
        x_err, h_err = self.modulated_pass(params, F, standard, e)

        d = (*(h - h_err for h, h_err in zip(standard.h[:-1], h_err, strict=False)), e)
        dW = per_position(net, net.hebbian(x_err, d))
        frozen = jax.tree.map(jnp.zeros_like, params[: self.moved.start])
        return (*frozen, *dW[self.moved.start :]), net.measure(standard.a[-1], batch.label)

    def modulated_pass(
        self, params: Weights, F: Feedback, standard: Activity, e: Array
    ) -> tuple[list[Any], list[Array]]:
        """Inputs and activities of all layers; as in `pepita`, layers pass on differences."""
        net, masks = self.net, standard.masks
        of_layer = dict(zip(self.moved, F, strict=True))
        x_err, h_err = list(standard.x), list(standard.h)
        for l in range(self.moved.start, len(net.layers)):
            if l in of_layer:
                h_err[l] = self.move(l, standard, e, of_layer[l])
                continue
            x_err[l] = net.input_of(l, h_err[l - 1], masks)
            change = jax.tree.map(jnp.subtract, x_err[l], standard.x[l])
            a_err = standard.a[l] + net.layers[l].forward(change, params[l])
            h_err[l] = net.activate(l, a_err, masks)
        return x_err, h_err

    def move(self, l: int, standard: Activity, e: Array, F_l: Array) -> Array:
        """The activity of layer l (from 0) when the error moves it."""
        Fe = self.modulation_sign * jnp.tensordot(e, F_l, 1)
        if self.where == "post":
            mask = None if self.net.layers[l].pools else standard.masks[l + 1]
            return standard.h[l] + (Fe if mask is None else Fe * mask)
        return self.net.activate(l, standard.a[l] + Fe, standard.masks)

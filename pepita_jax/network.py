"""Networks without biases as pure functions of a tuple of weight arrays."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.nn.initializers import variance_scaling

from pepita_jax.errors import require_name
from pepita_jax.layers import Conv, Dense

# Limits and deviations are those of He et al. (2015); fan_in counts a filter's whole window.
INITIALIZERS = {
    "he_uniform": variance_scaling(2.0, "fan_in", "uniform"),  # within +-sqrt(6 / fan_in)
    "he_normal": variance_scaling(2.0, "fan_in", "normal"),  # deviation sqrt(2 / fan_in)
    "pytorch": variance_scaling(1 / 3, "fan_in", "uniform"),  # within +-1 / sqrt(fan_in)
}
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "linear": lambda a: a}
# Each output non-linearity with the loss whose derivative in the scores is e = h_L - t.
OUTPUTS = {
    "softmax": (jax.nn.softmax, optax.softmax_cross_entropy),
    "sigmoid": (jax.nn.sigmoid, lambda a, t: optax.sigmoid_binary_cross_entropy(a, t).sum(-1)),
    "linear": (lambda a: a, lambda a, t: optax.l2_loss(a, t).sum(-1)),
}


class Pass(NamedTuple):
    """Everything one forward pass computes, a tuple over layers each; layer 1 is entry 0.

    Attributes:
        pre: presynaptic activity `[B, fan_in]`, convolutions `[B, H', W', fan_in]`.
        a: `W_l h_{l-1}` before the non-linearity, `[B, n]` or `[B, H', W', n]`.
        h: `h_l = s(a_l)`, dropout included, before pooling; shaped like `a`.
    """

    pre: tuple[Array, ...]
    a: tuple[Array, ...]
    h: tuple[Array, ...]


@dataclass(frozen=True)
class Network:
    """A chain of layers with one hidden and one output non-linearity.

    Attributes:
        layers: `Dense` and `Conv` layers, input side first.
        activation: of every hidden layer; a key of `ACTIVATIONS`.
        output: of the last layer, and the loss that goes with it; a key of `OUTPUTS`.
        initializer: of every layer's weights; a key of `INITIALIZERS`.
    """

    layers: tuple[Dense | Conv, ...]
    activation: str = "relu"
    output: str = "softmax"
    initializer: str = "he_uniform"

    def __post_init__(self):
        require_name("activation", self.activation, ACTIVATIONS)
        require_name("output", self.output, OUTPUTS)
        require_name("init", self.initializer, INITIALIZERS)

    @property
    def input_shape(self):
        return self.layers[0].input_shape

    @property
    def num_classes(self):
        return self.layers[-1].units

    def init(self, key):
        """Draws the weights: dense `[n_in, n_out]`, convolution `[k, k, c_in, c_out]`."""
        draw = INITIALIZERS[self.initializer]
        return tuple(
            draw(jax.random.fold_in(key, l), layer.weight_shape)
            for l, layer in enumerate(self.layers)
        )

    def draw_dropout(self, key, batch_size):
        """One dropout mask a layer, `[B, units]` of 0 or 1/(1-p); None where nothing drops."""

        def draw(l, layer):
            if key is None or layer.dropout == 0:
                return None
            shape = (batch_size, *layer.activity_shape)
            kept = jax.random.bernoulli(jax.random.fold_in(key, l), 1 - layer.dropout, shape)
            return kept / (1 - layer.dropout)

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers))

    def forward(self, params, x, masks=None):
        """The forward pass of Eq. 1 on `x`, `[B, H, W, C]`, as a `Pass` of `pre`, `a` and `h`.

        Without `masks` (from `draw_dropout`) there is no dropout.
        """
        masks = masks or (None,) * len(self.layers)
        pre, a, h = [], [], []
        for l, layer in enumerate(self.layers):
            pre.append(layer.presynaptic(x))
            a.append(pre[l] @ params[l].reshape(-1, layer.units))
            h.append(self._activate(l, a[l], masks[l]))
            x = layer.downstream(h[l])
        return Pass(tuple(pre), tuple(a), tuple(h))

    def apply(self, params, image):
        """Scores `[B, num_classes]` before the output non-linearity; no dropout."""
        return self.forward(params, image).a[-1]

    def backward(self, l, weights, a, mask, d_above):
        """Sends a signal down from layer l+1's pre-activation to layer l's (l counts from 0).

        Returns `(d_above @ weights^T) * s'(a)` for dense layers; where there are patches,
        pooling and dropout between the two layers, they are followed backwards too.

        Args:
            l: index of the receiving layer.
            weights: of layer l+1, or feedback of their shape in their place.
            a: pre-activation of layer l.
            mask: dropout mask of layer l, or None.
            d_above: signal at layer l+1, shaped like its pre-activation.
        """
        above = self.layers[l + 1]

        def ascend(a):
            x = self.layers[l].downstream(self._activate(l, a, mask))
            return above.presynaptic(x) @ weights.reshape(-1, above.units)

        (d,) = jax.vjp(ascend, a)[1](d_above)
        return d

    def one_hot(self, label):
        """Targets t, `[B]` -> `[B, num_classes]`."""
        return jax.nn.one_hot(label, self.num_classes)

    def measure(self, scores, label):
        """Mean loss and accuracy of `scores` `[B, num_classes]`: what rules report."""
        loss = OUTPUTS[self.output][1](scores, self.one_hot(label))
        correct = scores.argmax(-1) == label
        return {"loss": loss.mean(), "accuracy": correct.mean()}

    def _activate(self, l, a, mask):
        if l == len(self.layers) - 1:
            return OUTPUTS[self.output][0](a)
        h = ACTIVATIONS[self.activation](a)
        return h if mask is None else h * mask

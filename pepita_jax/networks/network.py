"""Networks without biases as pure functions of a tuple of weight arrays."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from pepita_jax.data.images import to_float
from pepita_jax.errors import require, require_name
from pepita_jax.networks.initializers import INITIALIZERS
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.options import with_fields

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "linear": lambda a: a}
# Each output non-linearity with the loss whose derivative in the scores is e = h_L - t.
OUTPUTS = {
    "softmax": (jax.nn.softmax, optax.softmax_cross_entropy),
    "sigmoid": (jax.nn.sigmoid, lambda a, t: optax.sigmoid_binary_cross_entropy(a, t).sum(-1)),
    "linear": (lambda a: a, lambda a, t: optax.l2_loss(a, t).sum(-1)),
}
SMALLEST_VARIANCE = 1e-8  # keeps a silent layer finite under `normalize`


class Activity(NamedTuple):
    """Everything one forward pass computes, a tuple over layers each; layer 1 is entry 0.

    Attributes:
        x: what the layer receives, `[B, fan_in]`, convolutions `[B, H, W, C]`.
        a: `W_l h_{l-1}` before the non-linearity, `[B, n]` or `[B, H', W', n]`.
        h: `h_l = s(a_l)`, dropout included, before pooling; shaped like `a`.
        masks: the dropout masks that were used, from `draw_dropout`.
    """

    x: tuple[Array, ...]
    a: tuple[Array, ...]
    h: tuple[Array, ...]
    masks: tuple[Array | None, ...]


@dataclass(frozen=True)
class Network:
    """A chain of layers with one hidden and one output non-linearity.

    Attributes:
        layers: `Dense` and `Conv` layers, input side first.
        activation: of every hidden layer; a key of `ACTIVATIONS`.
        output: of the last layer, and the loss that goes with it; a key of `OUTPUTS`.
        initializer: of every layer's weights; a key of `INITIALIZERS`.
        normalize: whether each hidden layer's activity is divided, sample by sample, by its
            standard deviation over the layer's units (Srinivasan et al., ICLR 2024).
    """

    layers: tuple[Dense | Conv, ...]
    activation: str = "relu"
    output: str = "softmax"
    initializer: str = "he_uniform"
    normalize: bool = False

    def __post_init__(self):
        require_name("activation", self.activation, ACTIVATIONS)
        require_name("output", self.output, OUTPUTS)
        require_name("init", self.initializer, INITIALIZERS)
        message = f"normalize must be True or False, got {self.normalize!r}"
        require(isinstance(self.normalize, bool), message)

    @property
    def input_shape(self):
        return self.layers[0].input_shape

    @property
    def num_classes(self):
        return self.layers[-1].units

    def without_dropout(self):
        """The same network, of which nothing is dropped."""
        layers = (replace(l, dropout=0.0) if l.drops else l for l in self.layers)
        return replace(self, layers=tuple(layers))

    def with_dropout(self, probability):
        """The same network, with dropout after each hidden dense layer; it may be traced."""
        hidden = (
            with_fields(l, dropout=probability) if isinstance(l, Dense) else l
            for l in self.layers[:-1]
        )
        return with_fields(self, layers=(*hidden, self.layers[-1]))

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
            if key is None or not layer.drops:
                return None
            shape = (batch_size, *layer.activity_shape)
            kept = jax.random.bernoulli(jax.random.fold_in(key, l), 1 - layer.dropout, shape)
            return kept.astype(float) / (1 - layer.dropout)

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers))

    def receive(self, image):
        """Images as the first layer works on them.

        Args:
            image: `[B, H, W, C]`; floats, usually in [0, 1], or uint8, of which 255 becomes 1.

        Raises:
            UserError: they have another shape or type.
        """
        wanted = ", ".join(map(str, self.input_shape))
        message = f"images have shape {image.shape}, the network takes [B, {wanted}]"
        require(image.shape[1:] == self.input_shape, message)
        return self.layers[0].receive(to_float(image))

    def forward(self, params, x, masks=None):
        """The forward pass of Eq. 1 on images `x`, see `receive`, as an `Activity`.

        Without `masks` (from `draw_dropout`) there is no dropout.
        """
        self._check(params)
        x = self.receive(x)
        return self._finish(params, x, self.layers[0].forward(x, params[0]), masks)

    def forward_and_move(self, params, x, directions, masks=None):
        """The forward pass on `x`, and the one on `x` moved along given directions.

        The first layer is linear up to its activation: W_1 (x + D c) = W_1 x + (W_1 D) c. With no
        more directions than images, W_1 D is no more work than the product with another batch.

        Args:
            x: images, see `receive`.
            directions: D, `[K, H, W, C]`.
            masks: from `draw_dropout`, for both passes.

        Returns:
            The `Activity` on `x`, and a function `c -> Activity` on `x + D c`, for c `[B, K]`.
        """
        self._check(params)
        first, W = self.layers[0], params[0]
        x, directions = self.receive(x), first.receive(directions)
        few = len(directions) <= len(x)
        if few and first.num_positions == 1:  # one product, which reads W once
            a, a_D = jnp.split(first.forward(jnp.concatenate([x, directions]), W), [len(x)])
        else:
            a, a_D = first.forward(x, W), first.forward(directions, W)
        here = self._finish(params, x, a, masks)

        def move(c):
            Dc = jnp.tensordot(c, directions, 1)
            a_Dc = jnp.tensordot(c, a_D, 1) if few else first.forward(Dc, W)
            return self._finish(params, x + Dc, a + a_Dc, masks, beside=here)

        return here, move

    def _check(self, params):
        found = [jnp.shape(W) for W in params]
        wanted = [layer.weight_shape for layer in self.layers]
        message = f"weights have shapes {found}, the network's are {wanted}"
        require(found == wanted, f"{message}; of several seeds, seed k has W[k]")

    def _finish(self, params, x, a, masks, beside=None):
        """An `Activity` on x from the first layer's pre-activation on.

        Only what differs from the pass `beside` is multiplied: the products of two nearly equal
        passes would lose their difference in rounding.
        """
        masks = masks or (None,) * len(self.layers)
        done = Activity((x,), (a,), (self._activate(0, a, masks[0]),), masks)
        for l, layer in enumerate(self.layers[1:], 1):
            x = layer.receive(self.layers[l - 1].downstream(done.h[-1]))
            if beside:
                a = beside.a[l] + layer.forward(x - beside.x[l], params[l])
            else:
                a = layer.forward(x, params[l])
            h = self._activate(l, a, masks[l])
            done = Activity((*done.x, x), (*done.a, a), (*done.h, h), masks)
        return done

    def apply(self, params, image):
        """Scores `[B, num_classes]` before the output non-linearity; no dropout.

        Args:
            params: weights of one seed.
            image: see `receive`.
        """
        return self.forward(params, image).a[-1]

    def backward(self, activity, weights, e):
        """Sends the output's signal down to every layer's pre-activation.

        For dense layers `d_l = (d_{l+1} @ weights_{l+1}^T) * s'(a_l)`, with `d_L = e`; where
        there are convolutions, pooling, dropout and normalisation between two layers, they are
        followed backwards too.

        Args:
            activity: `Activity` of the forward pass.
            weights: of layers 2 to L, or feedback of their shapes in their place.
            e: signal at the output's pre-activation, `[B, num_classes]`.

        Returns:
            `d_1 ... d_L`, a tuple of arrays shaped like `activity.a`.
        """
        d = [e]
        for l in reversed(range(len(self.layers) - 1)):
            below, above = self.layers[l], self.layers[l + 1]
            (g,) = jax.vjp(below.downstream, activity.h[l])[1](above.backward(d[0], weights[l]))
            d.insert(0, self.through_activation(l, activity, g))
        return tuple(d)

    def hebbian(self, inputs, signals):
        """The Hebbian products of all layers, batch means shaped like the parameters.

        Args:
            inputs: of every layer, such as `Activity.x`.
            signals: at every layer's pre-activation, shaped like `Activity.a`.
        """
        layers = zip(self.layers, inputs, signals, strict=True)
        return tuple(layer.hebbian(x, d) / len(x) for layer, x, d in layers)

    def through_activation(self, l, activity, g):
        """Signal at the activity of hidden layer l (from 0) -> at its pre-activation, `g * s'(a)`.

        Args:
            l: index of the layer.
            activity: `Activity` of the forward pass.
            g: signal, shaped like `activity.h[l]`.
        """
        activate = lambda a: self._activate(l, a, activity.masks[l])
        (d,) = jax.vjp(activate, activity.a[l])[1](g)
        return d

    def one_hot(self, label):
        """Targets t, `[B]` class numbers -> `[B, num_classes]`.

        Raises:
            UserError: they are no class numbers, such as floats, or one-hot already.
        """
        is_number = label.ndim == 1 and jnp.issubdtype(label.dtype, jnp.integer)
        message = f"labels must be integers [B], got {label.dtype} of shape {label.shape}"
        require(is_number, message)
        return jax.nn.one_hot(label, self.num_classes)

    def is_correct(self, scores, label):
        """Whether the highest score `[B, num_classes]` is the label's; a NaN guesses nothing."""
        return (scores.argmax(-1) == label) & ~jnp.isnan(scores).any(-1)

    def measure(self, scores, label):
        """Mean loss and accuracy of `scores` `[B, num_classes]`: what rules report."""
        message = f"there are {len(scores)} images and {len(label)} labels"
        require(len(scores) == len(label), message)
        loss = OUTPUTS[self.output][1](scores, self.one_hot(label))
        return {"loss": loss.mean(), "accuracy": self.is_correct(scores, label).mean()}

    def _activate(self, l, a, mask):
        if l == len(self.layers) - 1:
            return OUTPUTS[self.output][0](a)
        h = ACTIVATIONS[self.activation](a)
        if self.normalize:
            variance = h.var(axis=tuple(range(1, h.ndim)), keepdims=True)
            h = h / jnp.sqrt(variance + SMALLEST_VARIANCE)
        return h if mask is None else h * mask


def require_network(net):
    """Raises a `UserError` if `net` is none."""
    is_network = isinstance(net, Network)
    require(is_network, f"net must be a network, as from pj.build_network, got {net!r}")

"""What a network is: a chain of layers without biases, its weights, and what its scores mean."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.data.images import to_float
from pepita_jax.errors import require, require_name
from pepita_jax.networks.initializers import INITIALIZERS
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.networks.nonlinearities import ACTIVATIONS, OUTPUTS
from pepita_jax.types import Masks, Weights


@dataclass(frozen=True)
class Chain:
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
        are_layers = isinstance(self.layers, tuple) and self.layers
        are_layers = are_layers and all(isinstance(l, Dense | Conv) for l in self.layers)
        message = "layers must be a tuple of Dense and Conv layers"
        require(are_layers, f"{message}, got {self.layers!r}")
        for below, above in pairwise(self.layers):
            message = f"a layer gives {below.output_shape}, the next takes {above.input_shape}"
            require(math.prod(below.output_shape) == math.prod(above.input_shape), message)
        require_name("activation", self.activation, ACTIVATIONS)
        require_name("output", self.output, OUTPUTS)
        require_name("init", self.initializer, INITIALIZERS)
        message = f"normalize must be True or False, got {self.normalize!r}"
        require(isinstance(self.normalize, bool), message)

    def __repr__(self) -> str:
        """Such as `Network(28x28x1-1024(dropout=0.1)-10, relu, softmax)`."""
        sizes = ("x".join(map(str, self.input_shape)), *map(str, self.layers))
        words = ["-".join(sizes), self.activation, self.output]
        words += [self.initializer] if self.initializer != "he_uniform" else []
        words += ["normalize=True"] if self.normalize else []
        return f"{type(self).__name__}({', '.join(words)})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.layers[0].input_shape

    @property
    def num_classes(self) -> int:
        return self.layers[-1].units

    def without_dropout(self) -> Self:
        """The same network, of which nothing is dropped."""
        return self.with_dropout(0.0)

    def with_dropout(self, probability: float | Array) -> Self:
        """The same network, with dropout after each hidden dense layer; it may be traced."""
        hidden = (
            replace(l, dropout=probability) if isinstance(l, Dense) else l for l in self.layers[:-1]
        )
        return replace(self, layers=(*hidden, self.layers[-1]))

    def init(self, key: Array) -> Weights:
        """Draws the weights: dense `[n_in, n_out]`, convolution `[k, k, c_in, c_out]`."""
        draw = INITIALIZERS[self.initializer]
        return tuple(
            draw(jax.random.fold_in(key, l), layer.weight_shape)
            for l, layer in enumerate(self.layers)
        )

    def draw_dropout(self, key: Array | None, batch_size: int) -> Masks:
        """One dropout mask per layer, `[B, units]` of 0 or 1/(1-p); None where nothing drops."""

        def draw(l, layer):
            if key is None or not layer.drops:
                return None
            shape = (batch_size, *layer.activity_shape)
            kept = jax.random.bernoulli(jax.random.fold_in(key, l), 1 - layer.dropout, shape)
            return kept.astype(float) / (1 - layer.dropout)

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers))

    def draw_noise(self, key: Array, batch_size: int, deviation: float) -> tuple[Array, ...]:
        """Normal noise for every hidden layer's pre-activation, `[B, *activity_shape]` each."""

        def draw(l, layer):
            shape = (batch_size, *layer.activity_shape)
            return deviation * jax.random.normal(jax.random.fold_in(key, l), shape)

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers[:-1]))

    def receive(self, image: Array) -> Array:
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

    def one_hot(self, label: Array) -> Array:
        """Targets t, `[B]` class numbers -> `[B, num_classes]`.

        Raises:
            UserError: they are no class numbers, such as floats, or one-hot already.
        """
        is_number = label.ndim == 1 and jnp.issubdtype(label.dtype, jnp.integer)
        message = f"labels must be integers [B], got {label.dtype} of shape {label.shape}"
        require(is_number, message)
        return jax.nn.one_hot(label, self.num_classes)

    def losses(self, scores: Array, t: Array) -> Array:
        """The loss of each image, `[B]`, of scores and targets `[B, num_classes]`."""
        return OUTPUTS[self.output].losses(scores, t)

    def is_correct(self, scores: Array, label: Array) -> Array:
        """Whether the highest score `[B, num_classes]` is the label's; a NaN guesses nothing."""
        return (scores.argmax(-1) == label) & ~jnp.isnan(scores).any(-1)

    def measure(self, scores: Array, label: Array) -> dict[str, Array]:
        """Mean loss and accuracy of `scores` `[B, num_classes]`: what rules report."""
        message = f"there are {len(scores)} images and {len(label)} labels"
        require(len(scores) == len(label), message)
        loss = self.losses(scores, self.one_hot(label))
        return {"loss": loss.mean(), "accuracy": self.is_correct(scores, label).mean()}

"""What a network is: a chain of layers, its weights, and the meaning of its scores."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.data.images import to_float
from pepita_jax.errors import require, require_name, require_number
from pepita_jax.networks.bias import Affine
from pepita_jax.networks.initializers import INITIALIZERS, draw_biases
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.layers import Dense
from pepita_jax.networks.nonlinearities import ACTIVATIONS, OUTPUTS
from pepita_jax.networks.sequence import show
from pepita_jax.types import Masks, Weights


@dataclass(frozen=True)
class Chain:
    """A chain of layers, the last of which is the output layer.

    Attributes:
        layers: `Dense` and `Conv` with input shapes, as from `sequence.join`, input side first.
        activation: activation of hidden layers without their own; a key of `ACTIVATIONS`.
        output: the last layer's non-linearity and the loss for it; a key of `OUTPUTS`.
        initializer: how all weights and biases are drawn; a key of `INITIALIZERS`.
        normalize: whether each hidden layer's activity is divided, sample by sample, by its
            standard deviation over the layer's units (Srinivasan et al., ICLR 2024).
        input_dropout: probability of silencing a number of the image in training; inverted dropout.
    """

    layers: tuple[Layer, ...]
    activation: str = "relu"
    output: str = "softmax"
    initializer: str = "he_uniform"
    normalize: bool = False
    input_dropout: float = 0.0

    def __post_init__(self):
        are_layers = isinstance(self.layers, tuple) and self.layers
        are_layers = are_layers and all(isinstance(l, Layer) and l.input_shape for l in self.layers)
        message = "layers must be a tuple of layers with an input_shape, as from pj.chain"
        require(are_layers, f"{message}, got {self.layers!r}")
        for below, above in pairwise(self.layers):
            message = f"a layer gives {below.output_shape}, the next takes {above.input_shape}"
            require(math.prod(below.output_shape) == math.prod(above.input_shape), message)
        last = self.layers[-1]
        is_output = isinstance(last, Dense) and not last.drops and last.activation is None
        require(is_output, f"the output layer must be dense, without dropout or activation: {last}")
        require_name("activation", self.activation, ACTIVATIONS)
        require_name("output", self.output, OUTPUTS)
        require_name("init", self.initializer, INITIALIZERS)
        message = f"normalize must be True or False, got {self.normalize!r}"
        require(isinstance(self.normalize, bool), message)
        require_number("input_dropout", self.input_dropout, at_least=0, below=1)

    def __repr__(self) -> str:
        """Such as `Network(28x28x1: dense 1024, dropout 0.1, dense 10; relu, softmax)`."""
        words = [self.activation, self.output]
        words += [self.initializer] if self.initializer != "he_uniform" else []
        words += ["bias"] if self.has_biases else []
        words += ["normalize"] if self.normalize else []
        words += [f"input_dropout {self.input_dropout}"] if self.drops_input else []
        size, layers = "x".join(map(str, self.input_shape)), show(self.layers)
        return f"{type(self).__name__}({size}: {layers}; {', '.join(words)})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.layers[0].input_shape

    @property
    def num_classes(self) -> int:
        return self.layers[-1].units

    @property
    def has_biases(self) -> bool:
        """Whether every layer has biases."""
        return all(layer.bias for layer in self.layers)

    @property
    def drops_input(self) -> bool:
        """Whether pixels may be dropped; True for a traced probability."""
        return not (isinstance(self.input_dropout, (int, float)) and self.input_dropout == 0)

    def without_dropout(self) -> Self:
        """The same network without any dropout."""
        layers = tuple(replace(layer, dropout=0.0) for layer in self.layers)
        return replace(self, layers=layers, input_dropout=0.0)

    def with_dropout(self, probability: float | Array) -> Self:
        """The same network with this (possibly traced) dropout after each hidden dense layer."""
        hidden = (
            replace(l, dropout=probability) if isinstance(l, Dense) else l for l in self.layers[:-1]
        )
        return replace(self, layers=(*hidden, self.layers[-1]))

    def with_input_dropout(self, probability: float | Array) -> Self:
        """The same network with this (possibly traced) dropout of the image."""
        return replace(self, input_dropout=probability)

    def init(self, key: Array) -> Weights:
        """Draws one seed's weights: dense `[n_in, n_out]`, convolution `[k, k, c_in, c_out]`.

        A layer with biases has an `Affine` of its weights and its biases `[n_out]`.
        """
        draw, num_layers = INITIALIZERS[self.initializer], len(self.layers)

        def init(l, layer):
            W = draw(jax.random.fold_in(key, l), layer.weight_shape)
            if not layer.bias:
                return W
            of_bias = jax.random.fold_in(key, num_layers + l)
            return Affine(W, draw_biases(self.initializer, of_bias, layer.weight_shape))

        return tuple(init(l, layer) for l, layer in enumerate(self.layers))

    def draw_dropout(self, key: Array | None, batch_size: int) -> Masks:
        """Dropout masks of what each layer receives, of 0 or 1/(1-p); None where nothing drops.

        The first mask is the image's, `[B, H, W, C]`. Mask l is that of hidden layer l (from 1),
        `[B, *output_shape]`.
        """

        def draw(drops, probability, shape, number):
            if key is None or not drops:
                return None
            kept = 1 - probability
            shape, own_key = (batch_size, *shape), jax.random.fold_in(key, number)
            return jax.random.bernoulli(own_key, kept, shape).astype(float) / kept

        hidden = self.layers[:-1]
        image = draw(self.drops_input, self.input_dropout, self.input_shape, len(hidden))
        masks = (draw(l.drops, l.dropout, l.output_shape, i) for i, l in enumerate(hidden))
        return (image, *masks)

    def draw_noise(self, key: Array, batch_size: int, deviation: float) -> tuple[Array, ...]:
        """Normal noise for every hidden layer's pre-activation, `[B, *activity_shape]` each."""

        def draw(l, layer):
            shape = (batch_size, *layer.activity_shape)
            return deviation * jax.random.normal(jax.random.fold_in(key, l), shape)

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers[:-1]))

    def receive(self, image: Array) -> Array:
        """Images in the form in which the first layer works on them.

        Args:
            image: `[B, H, W, C]`: floats, usually in [0, 1], or uint8, of which 255 becomes 1.

        Raises:
            UserError: the images have another shape or type.
        """
        wanted = ", ".join(map(str, self.input_shape))
        message = f"images have shape {image.shape}, the network takes [B, {wanted}]"
        require(image.shape[1:] == self.input_shape, message)
        return self.layers[0].receive(to_float(image))

    def one_hot(self, label: Array) -> Array:
        """Targets t `[B, num_classes]` of class numbers `[B]`.

        Raises:
            UserError: the labels are not class numbers; they are floats, for example, or one-hot.
        """
        is_number = label.ndim == 1 and jnp.issubdtype(label.dtype, jnp.integer)
        message = f"labels must be integers [B], got {label.dtype} of shape {label.shape}"
        require(is_number, message)
        return jax.nn.one_hot(label, self.num_classes)

    def losses(self, scores: Array, t: Array) -> Array:
        """The loss of each image, `[B]`, from scores and targets `[B, num_classes]`."""
        return OUTPUTS[self.output].losses(scores, t)

    def is_correct(self, scores: Array, label: Array) -> Array:
        """Whether the highest score `[B, num_classes]` is the label's; a NaN is never correct."""
        wanted = len(label), self.num_classes
        require(scores.shape == wanted, f"scores have shape {scores.shape}, not {wanted}")
        return (scores.argmax(-1) == label) & ~jnp.isnan(scores).any(-1)

    def measure(self, scores: Array, label: Array) -> dict[str, Array]:
        """Mean loss and accuracy of `scores` `[B, num_classes]`, which rules report."""
        message = f"there are {len(scores)} images and {len(label)} labels"
        require(len(scores) == len(label), message)
        loss = self.losses(scores, self.one_hot(label))
        return {"loss": loss.mean(), "accuracy": self.is_correct(scores, label).mean()}

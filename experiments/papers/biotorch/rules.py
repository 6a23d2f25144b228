"""The rules of the library, with weights and feedback drawn as the authors' program draws them."""

import math
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import Affine, without_biases
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import SignalRule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.fa import FA
from pepita_jax.rules.sign_symmetry import SignSymmetry
from pepita_jax.types import Activity, Feedback, Signals, Weights


def fan_sum(shape: tuple[int, ...]) -> int:
    """fan_in + fan_out of weights; both count a filter's whole window."""
    *window, n, m = shape
    return math.prod(window) * (n + m)


def draw(key: Array, shape: tuple[int, ...]) -> Array:
    """Weights of variance 2 / (fan_in + fan_out), uniform."""
    limit = math.sqrt(6 / fan_sum(shape))
    # Drawn as a vector, which compiles faster.
    numbers = jax.random.uniform(key, (math.prod(shape),), minval=-limit, maxval=limit)
    return numbers.reshape(shape)


class Xavier:
    """Initial weights as by `draw`, and biases 0."""

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return super().unsuited(net) if net.has_biases else "needs biases in every layer"

    def init_params(self, key: Array) -> Weights:
        shapes = (layer.weight_shape for layer in self.net.layers)
        weights = (draw(jax.random.fold_in(key, l), shape) for l, shape in enumerate(shapes))
        return tuple(Affine(W, jnp.zeros(W.shape[-1])) for W in weights)

    def draw_upper_layers(self, key: Array) -> Weights:
        """Weights like W_2 ... W_L."""
        return without_biases(self.init_params(key)[1:])


@dataclass(frozen=True)
class XavierBP(Xavier, BP):
    """Backpropagation: see `Xavier`."""


@dataclass(frozen=True)
class XavierFA(Xavier, FA):
    """Feedback alignment: feedback is drawn like the weights, see `Xavier`."""

    def init_feedback(self, key: Array) -> Feedback:
        return self.draw_upper_layers(key)


@dataclass(frozen=True)
class XavierDFA(Xavier, SignalRule):
    """Direct feedback alignment, as the program sends the error to convolutions.

        d_L   = e                                  output layer
        d_l   = unpool(e B_l) * s'(a_l)            hidden layers

    B_l `[K, *input_shape of layer l + 1]` stands for a random layer between h_l after pooling and
    the classes. It is shaped like layer l + 1, with K units and Xavier's weights. Where that is a
    convolution, the error is the same at all its positions. unpool sends a signal to the maxima.
    """

    def init_feedback(self, key: Array) -> Feedback:
        def sent_by(l, above):
            layer = replace(above, units=self.net.num_classes)
            W = draw(jax.random.fold_in(key, l), layer.weight_shape)
            everywhere = jax.vmap(lambda e: jnp.broadcast_to(e, layer.activity_shape))
            return layer.backward(everywhere(jnp.eye(layer.units)), W)

        return tuple(sent_by(l, above) for l, above in enumerate(self.net.layers[1:]))

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        def send(l, B):
            g = self.net.through_pooling(l, activity, jnp.tensordot(e, B, 1))
            return self.net.through_activation(l, activity, g)

        return (*(send(l, B) for l, B in enumerate(F)), e)


@dataclass(frozen=True)
class XavierSignSymmetry(Xavier, SignSymmetry):
    """Sign symmetry: magnitudes are those of Xavier's weights, see `Xavier`.

    The program calls it uSF, frSF and brSF with `uniform`, `fixed_random` and `batchwise_random`
    magnitudes. All magnitudes of a uniform layer are sqrt(2 / (fan_in + fan_out)).
    """

    def init_feedback(self, key: Array) -> Feedback:
        if self.magnitudes == "uniform":
            shapes = [layer.weight_shape for layer in self.net.layers[1:]]
            return tuple(jnp.full(shape, math.sqrt(2 / fan_sum(shape))) for shape in shapes)
        return super().init_feedback(key)

    def draw_magnitudes(self, key: Array) -> Weights:
        return jax.tree.map(jnp.abs, self.draw_upper_layers(key))

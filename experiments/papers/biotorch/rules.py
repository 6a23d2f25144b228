"""The rules of the library, with weights and feedback drawn as the authors' program draws them."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import Affine, without_biases
from pepita_jax.networks.network import Network
from pepita_jax.rules.bp import BP
from pepita_jax.rules.dfa import DFA
from pepita_jax.rules.fa import FA
from pepita_jax.rules.sign_symmetry import SignSymmetry
from pepita_jax.types import Feedback, Weights


def fan_sum(shape: tuple[int, ...]) -> int:
    """fan_in + fan_out of weights; both count a filter's whole window."""
    *window, n, m = shape
    return math.prod(window) * (n + m)


class Xavier:
    """Initial weights of variance 2 / (fan_in + fan_out), uniform, and biases 0."""

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return super().unsuited(net) if net.has_biases else "needs biases in every layer"

    def init_params(self, key: Array) -> Weights:
        def draw(l, layer):
            shape = layer.weight_shape
            limit = math.sqrt(6 / fan_sum(shape))
            # Drawn as a vector, which compiles faster.
            numbers = jax.random.uniform(
                jax.random.fold_in(key, l), (math.prod(shape),), minval=-limit, maxval=limit
            )
            return Affine(numbers.reshape(shape), jnp.zeros(shape[-1]))

        return tuple(draw(l, layer) for l, layer in enumerate(self.net.layers))

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
class XavierDFA(Xavier, DFA):
    """Direct feedback alignment: see `Xavier`. Feedback is drawn as the library draws it."""


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

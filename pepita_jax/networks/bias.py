"""Biases, which are weights from one more input that is always 1.

Weights with biases are an `Affine`, and the input of such a layer is a `WithOne`. Both are pytrees:
code that is linear in them looks the same with and without biases.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require

Params = Any  # an `Array`, or an `Affine`
Input = Any  # an `Array`, or a `WithOne`


class Affine(NamedTuple):
    """The weights of a layer with biases.

    Attributes:
        W: weights, shaped as in a layer without biases.
        b: biases, `[units]`.
    """

    W: Array
    b: Array


class WithOne(NamedTuple):
    """The input of a layer with biases.

    Attributes:
        x: the input of the weights, `[B, ...]`.
        one: the input of the biases, `[B]`: 1, or 0 in the difference of two inputs.
    """

    x: Array
    one: Array


def add_one(x: Array, one: float = 1.0) -> WithOne:
    """Adds the input of the biases to an input."""
    return WithOne(x, jnp.full(len(x), one, x.dtype))


def without_bias(params: Params) -> Array:
    """A layer's weights without its biases, through which no error returns."""
    return params.W if isinstance(params, Affine) else params


def without_biases(params: Sequence[Params]) -> tuple[Array, ...]:
    """Every layer's weights without biases; feedback may have their shapes."""
    return tuple(map(without_bias, params))


def require_shapes(params: Sequence[Params], wanted: Sequence[Any], whose: str) -> None:
    """Raises a `UserError` unless weights have the wanted shapes.

    Args:
        params: weights of one seed.
        wanted: a shape per layer, or an `Affine` of two shapes if the layer has biases.
        whose: whose shapes these are, for the message.
    """
    found = [jax.tree.map(jnp.shape, W) for W in params]
    message = f"weights have shapes {found}, {whose} are {[*wanted]}"
    require(found == [*wanted], f"{message}; for seed k of several, give each array's W[k]")

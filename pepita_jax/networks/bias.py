"""Biases: weights from one more input, which is always 1.

Weights with biases are an `Affine`, and what reaches such a layer is a `WithOne`. Both are pytrees,
so that what is linear in them stays written as it is without biases.
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
        W: as of a layer without biases.
        b: biases, `[units]`.
    """

    W: Array
    b: Array


class WithOne(NamedTuple):
    """The input of a layer with biases.

    Attributes:
        x: as of a layer without biases, `[B, ...]`.
        one: `[B]`, the presynaptic activity of the biases: 1, or 0 in the difference of two inputs.
    """

    x: Array
    one: Array


def add_one(x: Array, one: float = 1.0) -> WithOne:
    """An input with what the biases receive."""
    return WithOne(x, jnp.full(len(x), one, x.dtype))


def without_bias(params: Params) -> Array:
    """A layer's weights alone; no error returns through biases."""
    return params.W if isinstance(params, Affine) else params


def without_biases(params: Sequence[Params]) -> tuple[Array, ...]:
    """Every layer's weights alone, which feedback can have the shapes of."""
    return tuple(map(without_bias, params))


def require_shapes(params: Sequence[Params], wanted: Sequence[Any], whose: str) -> None:
    """Raises a `UserError` unless weights have the shapes that are wanted.

    Args:
        params: weights of one seed.
        wanted: of each layer a shape, or with biases an `Affine` of two.
        whose: they are, to be told.
    """
    found = [jax.tree.map(jnp.shape, W) for W in params]
    message = f"weights have shapes {found}, {whose} are {[*wanted]}"
    require(found == [*wanted], f"{message}; of several seeds, give each array's W[k]")

"""How weights are drawn."""

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array


def variance_scaling(
    scale: float, draw: Callable[..., Array], inverse_variance: float = 1
) -> Callable[[Array, tuple[int, ...]], Array]:
    """An initializer of variance `scale` / fan_in.

    Its numbers are those of `jax.nn.initializers.variance_scaling`; later versions of JAX round
    normal ones differently. They are drawn as a vector: XLA can take seconds to compile random bits
    in the shape of a matrix, ten times as long.

    Args:
        scale: the variance times fan_in.
        draw: `(key, shape) -> numbers`.
        inverse_variance: 1 over the variance of the numbers that `draw` returns.
    """

    def initializer(key, shape):
        numbers = draw(key, (math.prod(shape),)).reshape(shape)
        wanted = jnp.asarray(scale / math.prod(shape[:-1]), numbers.dtype)
        return numbers * jnp.sqrt(inverse_variance * wanted)

    return initializer


_uniform = partial(jax.random.uniform, minval=-1)
# Limits and deviations are those of He et al. (2015); fan_in counts a filter's whole window.
INITIALIZERS = {
    "he_uniform": variance_scaling(2, _uniform, 3),  # within +-sqrt(6 / fan_in)
    "he_normal": variance_scaling(2, jax.random.normal),  # deviation sqrt(2 / fan_in)
    "pytorch": variance_scaling(1 / 3, _uniform, 3),  # within +-1 / sqrt(fan_in)
}


def draw_biases(init: str, key: Array, weight_shape: tuple[int, ...]) -> Array:
    """Biases `[units]` for weights of this shape: 0, as in He et al., or as PyTorch draws them.

    PyTorch draws biases like weights, within +-1 / sqrt(fan_in).
    """
    if init != "pytorch":
        return jnp.zeros(weight_shape[-1])
    limit = 1 / math.sqrt(math.prod(weight_shape[:-1]))
    return jax.random.uniform(key, weight_shape[-1:], minval=-limit, maxval=limit)

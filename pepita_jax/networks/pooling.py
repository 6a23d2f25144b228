"""Pooling: what may stand between a convolution's activity and the next layer."""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require, require_int
from pepita_jax.networks import convolution

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Pool:
    """Square windows, each of which becomes one value.

    Attributes:
        size: side of the windows, in pixels.
        stride: distance between neighbouring windows, in pixels; None: `size`, with which windows
            do not overlap. Border pixels that fill no window are cut off.
    """

    size: int
    stride: int | None = None

    def __post_init__(self):
        require_int("the size of a pooling window", self.size, 1)
        require_int("the stride of a pooling window", self.step, 1)

    @property
    def step(self) -> int:
        return self.size if self.stride is None else self.stride

    def output_shape(self, shape: Shape) -> Shape:
        """`(H, W, C)` of what pooling leaves of an activity of this shape."""
        height, width = ((n - self.size) // self.step + 1 for n in shape[:2])
        message = f"pooling over {self.size}x{self.size} pixels leaves nothing of {shape}"
        require(min(height, width) >= 1, message)
        return (height, width, shape[2])

    def __call__(self, h: Array) -> Array:
        """`[B, H, W, n]` -> `[B, H', W', n]`."""
        raise NotImplementedError

    def linear(self, h: Array) -> Array:
        """Pooling made linear, for products of weights: sums in place of maxima."""
        raise NotImplementedError

    def combine(self, h: Array, how: Literal["max", "sum"]) -> Array:
        return convolution.pool(h, self.size, self.step, how)


class MaxPool(Pool):
    """Max-pooling, for a network's `layers`: each square window becomes its largest value.

    Attributes:
        size: side of the windows, in pixels.
        stride: distance between neighbouring windows, in pixels; None: `size`.

    Raises:
        UserError: a number is not a positive integer.
    """

    def __call__(self, h: Array) -> Array:
        return self.combine(h, "max")

    def linear(self, h: Array) -> Array:
        """Sums in place of maxima."""
        return self.combine(h, "sum")


class AvgPool(Pool):
    """Average pooling, for a network's `layers`: each square window becomes its mean.

    Attributes:
        size: side of the windows, in pixels.
        stride: distance between neighbouring windows, in pixels; None: `size`.

    Raises:
        UserError: a number is not a positive integer.
    """

    def __call__(self, h: Array) -> Array:
        return self.combine(h, "sum") / self.size**2

    def linear(self, h: Array) -> Array:
        return self(h)


@dataclass(frozen=True)
class GlobalAvgPool:
    """Average pooling over all positions, `[B, H, W, n]` -> `[B, 1, 1, n]`, for `layers`."""

    def output_shape(self, shape: Shape) -> Shape:
        """`(1, 1, C)`."""
        return (1, 1, shape[2])

    def __call__(self, h: Array) -> Array:
        return h.mean((1, 2), keepdims=True)

    linear = __call__


def average_to(h: Array, size: int) -> Array:
    """Means over windows that cover all positions: `[B, H, W, n]` -> `[B, size, size, n]`.

    Where `size` does not divide a side, neighbouring windows share a pixel. A side shorter than
    `size` stays as it is.
    """

    def means(h, axis):
        n = h.shape[axis]
        m = min(n, size)
        windows = (slice(i * n // m, -(-(i + 1) * n // m)) for i in range(m))
        before = (slice(None),) * axis
        return jnp.stack([h[*before, window].mean(axis) for window in windows], axis)

    return means(means(h, 1), 2)

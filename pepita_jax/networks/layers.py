"""The kinds of layers: dense ones and convolutions."""

import math
from dataclasses import dataclass
from typing import Any, Self

from jax import Array

from pepita_jax.errors import require, require_int
from pepita_jax.networks import convolution
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.pooling import Shape


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer of `units` units. Its input is flattened in row-major order.

    Its weights are `[n_in, units]`. `activation` and `bias` may be given by keyword.

    Attributes:
        units: number of output units.
        activation: the activation of the units; None: the network's.
        bias: whether each unit has a bias.

    Raises:
        UserError: a number or a name is not valid.
    """

    def __str__(self) -> str:
        return f"dense {self.units}"

    @property
    def weight_shape(self) -> Shape:
        return (math.prod(self.input_shape), self.units)

    @property
    def activity_shape(self) -> Shape:
        return (self.units,)

    def receive(self, x: Array) -> Array:
        return x.reshape(len(x), math.prod(self.input_shape))

    def multiply(self, x: Array, W: Array) -> Array:
        return self.receive(x) @ W


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution of `units` square filters.

    Its weights are `[k, k, c_in, units]`. `activation` and `bias` may be given by keyword.

    Attributes:
        units: number of filters.
        kernel_size: height and width of the filters, in pixels.
        stride: distance between neighbouring positions, in pixels.
        padding: zeros added on each side, in pixels.
        activation: the activation of the filters; None: the network's.
        bias: whether each filter has a bias.

    Raises:
        UserError: a number or a name is not valid.
    """

    units: int
    kernel_size: int
    stride: int = 1
    padding: int = 0

    def __post_init__(self):
        super().__post_init__()
        require_int("kernel_size", self.kernel_size, 1)
        require_int("stride", self.stride, 1)
        require_int("padding", self.padding, 0)

    def __str__(self) -> str:
        given = {"stride": (self.stride, 1), "padding": (self.padding, 0)}
        options = [f"{name}={value}" for name, (value, usual) in given.items() if value != usual]
        return " ".join(map(str, ("conv", self.units, self.kernel_size, *options)))

    @property
    def weight_shape(self) -> Shape:
        return (self.kernel_size, self.kernel_size, self.input_shape[2], self.units)

    @property
    def activity_shape(self) -> Shape:
        inside = (n + 2 * self.padding - self.kernel_size for n in self.input_shape[:2])
        return (*(n // self.stride + 1 for n in inside), self.units)

    def on(self, input_shape: Shape) -> Self:
        message = f"{self} needs an input of shape (H, W, C), got {input_shape}"
        require(len(input_shape) == 3, message)
        return super().on(input_shape)

    def multiply(self, x: Array, W: Array) -> Array:
        return convolution.convolve(x, W, self.stride, self.padding)

    def correlate(self, x: Array, d: Array) -> Array:
        return convolution.hebbian(x, d, self.weight_shape, self.stride, self.padding)


def require_shape(name: str, shape: Any, form: str) -> None:
    """Raises a `UserError` unless `shape` is a tuple of one size per name in `form`."""
    right = isinstance(shape, tuple) and len(shape) == form.count(",") + 1
    require(right, f"{name} must be {form}, got {shape!r}")
    for size in shape:
        require_int(f"each size of {name}", size, 1)


def require_sizes(name: str, sizes: Any) -> None:
    """Raises a `UserError` unless `sizes` is a list or tuple of positive integers."""
    require(isinstance(sizes, list | tuple), f"{name} must be a tuple of sizes, got {sizes!r}")
    for size in sizes:
        require_int(f"each of {name}", size, 1)

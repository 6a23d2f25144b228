"""Layers: linear maps of their input, each with the three products that learning rules need.

A rule asks a layer for its pre-activation, for a signal sent back to its input, and for the Hebbian
product of its input and a signal. The last two follow from the first.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import jax
from jax import Array

from pepita_jax.errors import require, require_int, require_number
from pepita_jax.networks import convolution


@dataclass(frozen=True)
class Layer:
    """What all layers share. B is the size of the batch; weights are those of one seed.

    Attributes:
        input_shape: of one sample.
        units: number of output units, or of filters.
        weight_shape: the weights', units last.
        activity_shape: of one sample, before pooling.
        output_shape: of one sample, as the next layer receives it.
        num_positions: at which each weight is used, 1 for a dense layer.
        drops: whether units may be dropped.
    """

    input_shape: tuple[int, ...]
    units: int

    @property
    def weight_shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    def receive(self, x: Array) -> Array:
        """An input `[B, *input_shape]` in the shape in which the layer works on it."""
        return x

    def forward(self, x: Array, W: Array) -> Array:
        """The pre-activation, linear in both: `[B, *input_shape]` -> `[B, *activity_shape]`."""
        raise NotImplementedError

    def backward(self, d: Array, W: Array) -> Array:
        """A signal sent back through the weights: `[B, *activity_shape]` -> `[B, *input_shape]`."""
        x = jax.ShapeDtypeStruct((len(d), *self.input_shape), d.dtype)
        (g,) = jax.linear_transpose(lambda x: self.forward(x, W), x)(d)
        return g

    def hebbian(self, x: Array, d: Array) -> Array:
        """Presynaptic times postsynaptic activity, summed over samples and positions.

        Args:
            x: `[B, *input_shape]`.
            d: `[B, *activity_shape]`.

        Returns:
            An array of the weights' shape.
        """
        W = jax.ShapeDtypeStruct(self.weight_shape, d.dtype)
        (dW,) = jax.linear_transpose(lambda W: self.forward(x, W), W)(d)
        return dW


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer of `units` units, followed by dropout.

    Attributes:
        input_shape: shape of one sample's input; flattened in row-major order.
        units: number of output units.
        dropout: probability of silencing a unit in training; inverted dropout.
    """

    dropout: float = 0.0

    def __post_init__(self):
        require_shape("a layer's input_shape", self.input_shape)
        require_int("the number of a layer's units", self.units, 1)
        require_number("dropout", self.dropout, at_least=0, below=1)

    def __str__(self) -> str:
        return f"{self.units}(dropout={self.dropout})" if self.drops else str(self.units)

    @property
    def drops(self) -> bool:
        """Whether units may be dropped; for a traced probability they may."""
        return not (isinstance(self.dropout, (int, float)) and self.dropout == 0)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (math.prod(self.input_shape), self.units)

    @property
    def activity_shape(self) -> tuple[int, ...]:
        return (self.units,)

    output_shape = activity_shape
    num_positions = 1

    def receive(self, x: Array) -> Array:
        return x.reshape(len(x), math.prod(self.input_shape))

    def forward(self, x: Array, W: Array) -> Array:
        return self.receive(x) @ W

    def downstream(self, h: Array, combine: Literal["max", "sum"] = "max") -> Array:
        """What the next layer receives: `[B, units]`, unchanged; there is nothing to pool."""
        del combine
        return h


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution with stride 1, followed by max-pooling with stride `pool`.

    Attributes:
        input_shape: `(H, W, C)` of one sample.
        units: number of filters.
        kernel_size: height and width of the square filters, in pixels.
        padding: zeros added on each side, in pixels.
        pool: side of the square pooling windows; odd borders are cut off. 1: no pooling.
    """

    kernel_size: int
    padding: int = 0
    pool: int = 2

    def __post_init__(self):
        require_shape("a convolution's input_shape", self.input_shape, "(H, W, C)")
        require_int("the number of a convolution's filters", self.units, 1)
        require_int("kernel_size", self.kernel_size, 1)
        require_int("padding", self.padding, 0)
        require_int("pool", self.pool, 1)
        require(
            min(self.output_shape) >= 1,
            f"a {self.kernel_size}x{self.kernel_size} convolution with {self.pool}x{self.pool} "
            f"pooling leaves nothing of an input of shape {self.input_shape}",
        )

    def __str__(self) -> str:
        options = f", padding={self.padding}" if self.padding else ""
        options += f", pool={self.pool}" if self.pool != 2 else ""
        return f"conv{self.kernel_size}x{self.kernel_size}({self.units}{options})"

    drops = False

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.kernel_size, self.kernel_size, self.input_shape[2], self.units)

    @property
    def activity_shape(self) -> tuple[int, ...]:
        height, width = (n + 2 * self.padding - self.kernel_size + 1 for n in self.input_shape[:2])
        return (height, width, self.units)

    @property
    def output_shape(self) -> tuple[int, ...]:
        height, width, units = self.activity_shape
        return (height // self.pool, width // self.pool, units)

    @property
    def num_positions(self) -> int:
        return math.prod(self.activity_shape[:2])

    def forward(self, x: Array, W: Array) -> Array:
        return convolution.convolve(x, W, self.padding)

    def hebbian(self, x: Array, d: Array) -> Array:
        return convolution.hebbian(x, d, self.weight_shape, self.padding)

    def downstream(self, h: Array, combine: Literal["max", "sum"] = "max") -> Array:
        """Pooled activity: `[B, H', W', units]` -> `[B, H'//pool, W'//pool, units]`.

        Args:
            h: activity of the layer.
            combine: `max`, or `sum`, which makes it linear.
        """
        return convolution.pool(h, self.pool, combine)


def require_shape(name: str, shape: Any, form: str | None = None) -> None:
    """Raises a `UserError` unless `shape` is a tuple of sizes, of as many as `form` names."""
    right = isinstance(shape, tuple) and (form is None or len(shape) == form.count(",") + 1)
    require(right, f"{name} must be {form or 'a tuple of sizes'}, got {shape!r}")
    for size in shape:
        require_int(f"each size of {name}", size, 1)

"""Layers: linear maps of their input, each with the three products that learning rules need.

A rule asks a layer for its pre-activation, for a signal sent back to its input, and for the Hebbian
product of its input and a signal. The last two follow from the first.
"""

import math
from dataclasses import dataclass

import jax

from pepita_jax.errors import require, require_int, require_number
from pepita_jax.networks import by_device


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

    def receive(self, x):
        """An input `[B, *input_shape]` in the shape in which the layer works on it."""
        return x

    def forward(self, x, W):
        """The pre-activation, linear in both: `[B, *input_shape]` -> `[B, *activity_shape]`."""
        raise NotImplementedError

    def backward(self, d, W):
        """A signal sent back through the weights: `[B, *activity_shape]` -> `[B, *input_shape]`."""
        x = jax.ShapeDtypeStruct((len(d), *self.input_shape), d.dtype)
        (g,) = jax.linear_transpose(lambda x: self.forward(x, W), x)(d)
        return g

    def hebbian(self, x, d):
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

    input_shape: tuple[int, ...]
    units: int
    dropout: float = 0.0

    def __post_init__(self):
        require_int("the number of a layer's units", self.units, 1)
        require_number("dropout", self.dropout, at_least=0, below=1)

    @property
    def drops(self):
        """Whether units may be dropped; for a traced probability they may."""
        return not (isinstance(self.dropout, (int, float)) and self.dropout == 0)

    @property
    def weight_shape(self):
        return (math.prod(self.input_shape), self.units)

    @property
    def activity_shape(self):
        return (self.units,)

    output_shape = activity_shape
    num_positions = 1

    def receive(self, x):
        return x.reshape(len(x), math.prod(self.input_shape))

    def forward(self, x, W):
        return self.receive(x) @ W

    def downstream(self, h, combine="max"):
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

    input_shape: tuple[int, int, int]
    units: int
    kernel_size: int
    padding: int = 0
    pool: int = 2

    def __post_init__(self):
        require_int("the number of a convolution's filters", self.units, 1)
        require_int("kernel_size", self.kernel_size, 1)
        require_int("padding", self.padding, 0)
        require(
            min(self.output_shape) >= 1,
            f"a {self.kernel_size}x{self.kernel_size} convolution with {self.pool}x{self.pool} "
            f"pooling leaves nothing of an input of shape {self.input_shape}",
        )

    drops = False

    @property
    def weight_shape(self):
        return (self.kernel_size, self.kernel_size, self.input_shape[2], self.units)

    @property
    def activity_shape(self):
        height, width = (n + 2 * self.padding - self.kernel_size + 1 for n in self.input_shape[:2])
        return (height, width, self.units)

    @property
    def output_shape(self):
        height, width, units = self.activity_shape
        return (height // self.pool, width // self.pool, units)

    @property
    def num_positions(self):
        return math.prod(self.activity_shape[:2])

    def forward(self, x, W):
        return by_device.convolve(x, W, self.padding)

    def hebbian(self, x, d):
        return by_device.hebbian(x, d, self.weight_shape, self.padding)

    def downstream(self, h, combine="max"):
        """Pooled activity: `[B, H', W', units]` -> `[B, H'//pool, W'//pool, units]`.

        Args:
            h: activity of the layer.
            combine: `max`, or `sum`, which makes it linear.
        """
        return by_device.pool(h, self.pool, combine)

"""Layers: a convolution is a fully connected layer at every position of its input.

A layer turns its input into presynaptic activity, one row of `fan_in` numbers for every
output position; the weights act on the last axis. Dense layers have one position. Rules
that multiply presynaptic by postsynaptic activity are thereby written once for both.
"""

import math
from dataclasses import dataclass
from functools import reduce

import jax.numpy as jnp

from pepita_jax.errors import require, require_int, require_number


@dataclass(frozen=True)
class Dense:
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
        require_number("dropout", self.dropout)
        require(0 <= self.dropout < 1, f"dropout must be in [0, 1), got {self.dropout}")

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

    def presynaptic(self, x):
        """`[B, *input_shape]` -> `[B, fan_in]`."""
        return x.reshape(len(x), -1)

    def downstream(self, h, pool=None):
        """What the next layer receives: `[B, units]`, unchanged; there is nothing to pool."""
        del pool
        return h


@dataclass(frozen=True)
class Conv:
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

    def presynaptic(self, x):
        """The patch under the filter at each position: `[B, H, W, C]` -> `[B, H', W', k*k*C]`."""
        p = self.padding
        x = jnp.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        height, width, _ = self.activity_shape
        offsets = range(self.kernel_size)
        shifted = [x[:, i : i + height, j : j + width] for i in offsets for j in offsets]
        return jnp.concatenate(shifted, axis=-1)

    def downstream(self, h, pool=jnp.maximum):
        """Pooled activity: `[B, H', W', units]` -> `[B, H'//pool, W'//pool, units]`.

        Args:
            h: activity of the layer.
            pool: how two activities of a window are combined; `jnp.add` makes it linear.
        """
        height, width, _ = self.output_shape
        h = h[:, : height * self.pool, : width * self.pool]
        offsets = range(self.pool)
        return reduce(
            pool, [h[:, i :: self.pool, j :: self.pool] for i in offsets for j in offsets]
        )

"""What a layer is: a linear map of its input, with the three products that learning rules need.

A rule asks a layer for its pre-activation, for a signal sent back to its input, and for the Hebbian
product of its input and a signal. The last two are derived from the first. A layer also knows what
follows it: its activation, pooling and dropout.
"""

import math
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require, require_int, require_name, require_number
from pepita_jax.networks.bias import Affine, Input, Params, WithOne, without_bias
from pepita_jax.networks.nonlinearities import ACTIVATIONS
from pepita_jax.networks.pooling import GlobalAvgPool, Pool, Shape


@dataclass(frozen=True)
class Layer:
    """What all layers share. B is the size of the batch; weights are those of one seed.

    Attributes:
        units: number of output units, or of filters.
        activation: the activation of the units, a key of `ACTIVATIONS`; None: the network's. The
            output layer has the network's output non-linearity.
        dropout: probability of silencing a unit in training (inverted dropout). If the layer has
            pooling, dropout acts on the pooled activity.
        bias: whether each unit, or each filter, has a bias.
        pools: the poolings that follow, in their order.
        input_shape: shape of one sample of the input; None until a network sets it.
        weight_shape: shape of the weights without the biases, units last.
        activity_shape: shape of one sample of the activity, before pooling.
        output_shape: shape of one sample of what the next layer receives.
        num_positions: number of positions at which each weight is used; 1 for a dense layer.
        drops: whether units may be dropped.
    """

    units: int
    _: KW_ONLY
    activation: str | None = None
    dropout: float = 0.0
    bias: bool = False
    pools: tuple[Pool | GlobalAvgPool, ...] = ()
    input_shape: Any = None

    def __post_init__(self):
        require_int(f"the number of a {self.kind} layer's units", self.units, 1)
        require_number("dropout", self.dropout, at_least=0, below=1)
        require(isinstance(self.bias, bool), f"bias must be True or False, got {self.bias!r}")
        if self.activation is not None:
            require_name("activation", self.activation, ACTIVATIONS)

    @property
    def kind(self) -> str:
        """The word for it: `dense` or `conv`."""
        return type(self).__name__.lower()

    @property
    def drops(self) -> bool:
        """Whether units may be dropped; True for a traced probability."""
        return not (isinstance(self.dropout, (int, float)) and self.dropout == 0)

    @property
    def weight_shape(self) -> Shape:
        raise NotImplementedError

    @property
    def activity_shape(self) -> Shape:
        raise NotImplementedError

    @property
    def output_shape(self) -> Shape:
        shape = self.activity_shape
        for pool in self.pools:
            shape = pool.output_shape(shape)
        return shape

    @property
    def num_positions(self) -> int:
        return math.prod(self.activity_shape[:-1])

    @property
    def params_shape(self) -> Any:
        """The weights' shape, or an `Affine` of their shape and that of the biases."""
        shape: Any = self.weight_shape
        return Affine(shape, shape[-1:]) if self.bias else shape

    def on(self, input_shape: Shape) -> Self:
        """The same layer on inputs of this shape.

        Raises:
            UserError: the layer cannot take this shape, or leaves nothing of it.
        """
        layer = replace(self, input_shape=input_shape)
        require(min(layer.output_shape) >= 1, f"{layer} leaves nothing of {input_shape}")
        return layer

    def receive(self, x: Array) -> Array:
        """An input `[B, *input_shape]` in the form in which the layer works on it."""
        return x

    def multiply(self, x: Array, W: Array) -> Array:
        """The weights' part of `forward`."""
        raise NotImplementedError

    def correlate(self, x: Array, d: Array) -> Array:
        """The weights' part of `hebbian`."""
        W = jax.ShapeDtypeStruct(self.weight_shape, d.dtype)
        (dW,) = jax.linear_transpose(lambda W: self.multiply(x, W), W)(d)
        return dW

    def forward(self, x: Input, params: Params) -> Array:
        """The pre-activation, linear in both: `[B, *input_shape]` -> `[B, *activity_shape]`.

        Args:
            x: the input; a `WithOne` if `params` has biases.
            params: weights, or weights and biases.
        """
        if not isinstance(params, Affine):
            return self.multiply(x, params)
        at_each_position = (1,) * (len(self.activity_shape) - 1)
        of_bias = jnp.multiply.outer(x.one, params.b)
        return self.multiply(x.x, params.W) + of_bias.reshape(-1, *at_each_position, self.units)

    def backward(self, d: Array, params: Params) -> Array:
        """Sends a signal through the weights: `[B, *activity_shape]` -> `[B, *input_shape]`."""
        x = jax.ShapeDtypeStruct((len(d), *self.input_shape), d.dtype)
        (g,) = jax.linear_transpose(lambda x: self.multiply(x, without_bias(params)), x)(d)
        return g

    def hebbian(self, x: Input, d: Array) -> Params:
        """Presynaptic times postsynaptic activity, summed over samples and positions.

        Args:
            x: `[B, *input_shape]`; a `WithOne` if the layer has biases.
            d: `[B, *activity_shape]`.

        Returns:
            Arrays shaped like the weights and, if the layer has them, the biases.
        """
        if not isinstance(x, WithOne):
            return self.correlate(x, d)
        positions = tuple(range(1, d.ndim - 1))
        return Affine(self.correlate(x.x, d), x.one @ d.sum(positions))

    def downstream(self, h: Array, mask: Array | None = None, linear: bool = False) -> Array:
        """What the next layer receives: pooled activity, `[B, *output_shape]`.

        Args:
            h: activity of the layer.
            mask: dropout mask of the pooled activity; without pooling, h includes dropout already.
            linear: whether max-pooling becomes summation, which makes pooling linear.
        """
        for pool in self.pools:
            h = pool.linear(h) if linear else pool(h)
        return h if mask is None or not self.pools else h * mask

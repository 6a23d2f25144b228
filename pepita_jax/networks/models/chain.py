"""Networks of any layers, in Python or in words."""

from collections.abc import Sequence
from typing import Any, TypedDict

from pepita_jax.errors import require
from pepita_jax.networks.layers import Dense, require_shape
from pepita_jax.networks.network import Network
from pepita_jax.networks.sequence import join, parse

Shape = Sequence[int]


class Options(TypedDict, total=False):
    """The options of every model; the arguments of `chain`."""

    activation: str
    output: str
    init: str
    normalize: bool
    bias: bool
    input_dropout: float


def chain(
    input_shape: Shape,
    num_classes: int,
    *,
    layers: str | Sequence[Any] = "",
    activation: str = "relu",
    output: str = "softmax",
    init: str = "he_uniform",
    normalize: bool = False,
    bias: bool = False,
    input_dropout: float = 0.0,
) -> Network:
    """A network of any layers in any order, before a dense output layer.

    >>> import pepita_jax as pj
    >>> pj.chain((28, 28, 1), 10, layers="conv 6 5, maxpool 2, conv 16 5, maxpool 2, dense 120")
    Network(28x28x1: conv 6 5, maxpool 2, conv 16 5, maxpool 2, dense 120, dense 10; relu, softmax)
    >>> layers = (pj.Conv(6, 5), pj.MaxPool(2), pj.Dense(120, activation="tanh"), pj.Dropout(0.5))
    >>> pj.chain((28, 28, 1), 10, layers=layers)
    Network(28x28x1: conv 6 5, maxpool 2, dense 120 tanh, dropout 0.5, dense 10; relu, softmax)

    Args:
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        layers: the layers before the output layer: a tuple of `Conv`, `Dense`, `MaxPool`,
            `AvgPool`, `GlobalAvgPool` and `Dropout`, or the same in words with commas between them:
            `conv FILTERS SIZE [stride=1] [padding=0]`, `dense UNITS`, `maxpool SIZE [stride=SIZE]`,
            `avgpool` likewise, `globalavgpool`, `dropout PROBABILITY`. A layer in words may end
            with its own activation.
        activation: of hidden layers without their own: `relu`, `leaky_relu` (slope 0.01), `tanh`,
            `sigmoid`, `gelu` or `linear`.
        output: `softmax`, `sigmoid` or `linear`, with the loss that goes with it.
        init: how weights are drawn: `he_uniform`, `he_normal` or `pytorch`.
        normalize: whether each hidden layer's activity is divided by its standard deviation over
            the layer's units, sample by sample.
        bias: whether each unit, or each filter, has a bias.
        input_dropout: probability of silencing a number of the image in training.

    Returns:
        A `Network`.

    Raises:
        UserError: a name, word or size is not valid.
    """
    shape = image_shape(input_shape)
    example = "such as 'conv 6 5, maxpool 2, dense 120'"
    require(layers != "", f"model 'chain' needs layers, {example}")
    parts = parse(layers) if isinstance(layers, str) else layers
    message = f"layers must be a tuple of layers, or words {example}, got {layers!r}"
    require(isinstance(parts, list | tuple), message)
    require(isinstance(bias, bool), f"bias must be True or False, got {bias!r}")
    joined = join(shape, (*parts, Dense(num_classes)), bias)
    return Network(joined, activation, output, init, normalize, input_dropout)


def padding_up_to(side: int, input_shape: Shape) -> int:
    """The zeros on each side that make images at least `side` pixels high and wide."""
    return max(0, -(-(side - min(image_shape(input_shape)[:2])) // 2))


def image_shape(shape: Any) -> tuple[int, ...]:
    """Checks a shape `(H, W, C)`, a tuple or a list, and returns it as a tuple."""
    shape = tuple(shape) if isinstance(shape, list) else shape
    require_shape("input_shape", shape, "(H, W, C)")
    return shape

"""Networks to call: multi-layer perceptrons, and convolution blocks before dense layers."""

from collections.abc import Sequence
from typing import Any

from pepita_jax.errors import look_up, require, require_int
from pepita_jax.networks.layers import Conv, Dense, require_shape
from pepita_jax.networks.network import Network
from pepita_jax.options import check_options, keyword_options

Shape = Sequence[int]


def mlp(
    input_shape: Shape,
    num_classes: int,
    *,
    hidden: Sequence[int] = (1024,),
    dropout: float = 0.0,
    activation: str = "relu",
    output: str = "softmax",
    init: str = "he_uniform",
    normalize: bool = False,
) -> Network:
    """A multi-layer perceptron.

    >>> import pepita_jax as pj
    >>> pj.mlp((28, 28, 1), 10, hidden=(1024,), dropout=0.1)
    Network(28x28x1-1024(dropout=0.1)-10, relu, softmax)

    Args:
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        hidden: sizes of the hidden layers.
        dropout: probability of silencing a unit in training, after each hidden layer.
        activation: of the hidden layers: `relu`, `tanh` or `linear`.
        output: `softmax`, `sigmoid` or `linear`, with the loss that goes with it.
        init: how weights are drawn: `he_uniform`, `he_normal` or `pytorch`.
        normalize: whether each hidden activity is divided by its deviation, see `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    input_shape, hidden = _image_shape(input_shape), _sizes("hidden", hidden)
    layers = _dense_layers(input_shape, num_classes, hidden, dropout)
    return Network(layers, activation, output, init, normalize)


def conv(
    input_shape: Shape,
    num_classes: int,
    *,
    channels: Sequence[int] = (32,),
    kernel_size: int = 5,
    padding: int = 0,
    hidden: Sequence[int] = (),
    dropout: float = 0.0,
    activation: str = "relu",
    output: str = "softmax",
    init: str = "he_uniform",
    normalize: bool = False,
) -> Network:
    """Blocks of convolution, activation and 2x2 max-pooling, followed by dense layers.

    >>> import pepita_jax as pj
    >>> pj.conv((32, 32, 3), 10, channels=(32,), kernel_size=5)
    Network(32x32x3-conv5x5(32)-10, relu, softmax)

    Args:
        channels: number of filters of each block.
        kernel_size: height and width of the filters, in pixels.
        padding: zeros added on each side, in pixels.
        hidden: sizes of the hidden dense layers, each followed by dropout.
        input_shape, num_classes, dropout, activation, output, init, normalize: see `mlp`.

    Raises:
        UserError: a name or size is not valid.
    """
    shape, channels = _image_shape(input_shape), _sizes("channels", channels)
    require(len(channels) >= 1, "model 'conv' needs at least one entry in channels")
    blocks = []
    for units in channels:
        blocks.append(Conv(shape, units, kernel_size, padding))
        shape = blocks[-1].output_shape
    dense = _dense_layers(shape, num_classes, _sizes("hidden", hidden), dropout)
    return Network((*blocks, *dense), activation, output, init, normalize)


MODELS = {"mlp": mlp, "conv": conv}


def build_network(model: str, *, input_shape: Shape, num_classes: int, **options: Any) -> Network:
    """Builds a network by name, as `--config` does.

    >>> import jax
    >>> import pepita_jax as pj
    >>> net = pj.build_network("mlp", input_shape=(8, 8, 1), num_classes=10, hidden=(32,))
    >>> params = net.init(jax.random.key(0))
    >>> [W.shape for W in params]
    [(64, 32), (32, 10)]

    Args:
        model: `mlp` or `conv`, the functions of these names.
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        **options: the keyword arguments of the function.

    Raises:
        UserError: a name, option or size is not valid.
    """
    build = look_up("model", model, MODELS)
    check_options(f"model {model!r}", options, keyword_options(build))
    return build(input_shape, num_classes, **options)


def _dense_layers(input_shape, num_classes, hidden, dropout):
    layers = []
    for units in hidden:
        layers.append(Dense(input_shape, units, dropout))
        input_shape = layers[-1].output_shape
    return (*layers, Dense(input_shape, num_classes))


def _image_shape(shape):
    shape = tuple(shape) if isinstance(shape, list) else shape
    require_shape("input_shape", shape, "(H, W, C)")
    return shape


def _sizes(name, sizes):
    require(isinstance(sizes, list | tuple), f"{name} must be a tuple of sizes, got {sizes!r}")
    for size in sizes:
        require_int(f"each of {name}", size, 1)
    return tuple(sizes)

"""Networks by name: multi-layer perceptrons, and convolution blocks before dense layers."""

from pepita_jax.errors import look_up, require, require_int
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.networks.network import Network
from pepita_jax.options import check_options, keyword_options


def build_mlp(
    input_shape,
    num_classes,
    *,
    hidden=(1024,),
    dropout=0.0,
    activation="relu",
    output="softmax",
    init="he_uniform",
    normalize=False,
):
    """A multi-layer perceptron; the arguments are those of `build_network`."""
    layers = _dense_layers(input_shape, num_classes, hidden, dropout)
    return Network(layers, activation, output, init, normalize)


def build_conv(
    input_shape,
    num_classes,
    *,
    channels=(32,),
    kernel_size=5,
    padding=0,
    hidden=(),
    dropout=0.0,
    activation="relu",
    output="softmax",
    init="he_uniform",
    normalize=False,
):
    """Convolution blocks, then dense layers; the arguments are those of `build_network`."""
    require(len(channels) >= 1, "model 'conv' needs at least one entry in channels")
    blocks = []
    for units in channels:
        shape = blocks[-1].output_shape if blocks else input_shape
        blocks.append(Conv(shape, units, kernel_size, padding))
    dense = _dense_layers(blocks[-1].output_shape, num_classes, hidden, dropout)
    return Network((*blocks, *dense), activation, output, init, normalize)


def _dense_layers(input_shape, num_classes, hidden, dropout):
    layers = []
    for units in hidden:
        layers.append(Dense(input_shape, units, dropout))
        input_shape = layers[-1].output_shape
    return (*layers, Dense(input_shape, num_classes))


MODELS = {"mlp": build_mlp, "conv": build_conv}


def build_network(model, *, input_shape, num_classes, **options):
    """Builds a network by name.

    Args:
        model: `mlp`, dense layers only, or `conv`, blocks of convolution, activation and
            2x2 max-pooling followed by dense layers.
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        **options: `hidden`, sizes of the hidden dense layers; `dropout`, probability after
            each of them; `activation`, `output` and `init`, keys of `network.ACTIVATIONS`,
            `OUTPUTS` and `INITIALIZERS`; `normalize`, see `Network`. For `conv` also
            `channels`, filters of each block; `kernel_size` and `padding`, in pixels.

    Raises:
        UserError: a name, option or size is not valid.
    """
    build = look_up("model", model, MODELS)
    check_options(f"model {model!r}", options, keyword_options(build))
    is_shape = isinstance(input_shape, (list, tuple)) and len(input_shape) == 3
    require(is_shape, f"input_shape must be (H, W, C), got {input_shape}")
    for name in options.keys() & {"hidden", "channels"}:
        is_list = isinstance(options[name], (list, tuple))
        require(is_list, f"{name} must be a tuple of sizes, got {options[name]!r}")
        options[name] = tuple(options[name])
        for size in options[name]:
            require_int(f"each of {name}", size, 1)
    return build(tuple(input_shape), num_classes, **options)

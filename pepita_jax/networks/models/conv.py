"""The paper's convolutional networks (Dellaferrera & Kreiman, ICML 2022, App. A)."""

from collections.abc import Sequence
from typing import Unpack

from pepita_jax.errors import require
from pepita_jax.networks.layers import Conv, Dense, require_sizes
from pepita_jax.networks.models.chain import Options, Shape, chain
from pepita_jax.networks.network import Network
from pepita_jax.networks.pooling import MaxPool


def conv(
    input_shape: Shape,
    num_classes: int,
    *,
    channels: Sequence[int] = (32,),
    kernel_size: int = 5,
    padding: int = 0,
    hidden: Sequence[int] = (),
    dropout: float = 0.0,
    **options: Unpack[Options],
) -> Network:
    """Blocks of convolution, activation and 2x2 max-pooling, followed by dense layers.

    >>> import pepita_jax as pj
    >>> pj.conv((32, 32, 3), 10, channels=(32,), kernel_size=5)
    Network(32x32x3: conv 32 5, maxpool 2, dense 10; relu, softmax)

    Args:
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        channels: number of filters of each block.
        kernel_size: height and width of the filters, in pixels.
        padding: zeros added on each side, in pixels.
        hidden: sizes of the hidden dense layers.
        dropout: probability of silencing a unit in training, after each hidden dense layer.
        **options: activation, output, init, normalize, bias and input_dropout, see `chain`.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    require_sizes("channels", channels)
    require_sizes("hidden", hidden)
    require(len(channels) >= 1, "model 'conv' needs at least one entry in channels")
    block = lambda filters: (Conv(filters, kernel_size, padding=padding), MaxPool(2))
    dense = (Dense(units, dropout=dropout) for units in hidden)
    layers = (*(part for filters in channels for part in block(filters)), *dense)
    return chain(input_shape, num_classes, layers=layers, **options)

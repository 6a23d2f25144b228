"""Networks after Simonyan & Zisserman (2015), of the sizes that the field compares rules on."""

from typing import Unpack

from pepita_jax.networks.models.chain import Options, Shape, chain
from pepita_jax.networks.network import Network


def vgg5(
    input_shape: Shape,
    num_classes: int,
    *,
    activation: str = "gelu",
    bias: bool = True,
    **options: Unpack[Options],
) -> Network:
    """VGG-5 of Pinchetti et al., "Benchmarking Predictive Coding Networks" (ICLR 2025).

    Each of its four convolutions is followed by max-pooling; the last one has no padding.

    Args:
        input_shape: `(H, W, C)` of one image, such as (32, 32, 3).
        num_classes: number of output units.
        activation, bias, **options: see `chain`.

    Raises:
        UserError: a name or size is not valid.
    """
    layers = (
        "conv 128 3 padding=1, maxpool 2, conv 256 3 padding=1, maxpool 2, "
        "conv 512 3 padding=1, maxpool 2, conv 512 3, maxpool 2"
    )
    given = Options(activation=activation, bias=bias)
    return chain(input_shape, num_classes, layers=layers, **given | options)


def vgg8b(
    input_shape: Shape, num_classes: int, *, bias: bool = True, **options: Unpack[Options]
) -> Network:
    """VGG8b of Nøkland & Eidnes (ICML 2019), without its batch normalisation and dropout.

    Args:
        input_shape: `(H, W, C)` of one image, such as (32, 32, 3).
        num_classes: number of output units.
        bias, **options: see `chain`.

    Raises:
        UserError: a name or size is not valid.
    """
    layers = (
        "conv 128 3 padding=1, conv 256 3 padding=1, maxpool 2, "
        "conv 256 3 padding=1, conv 512 3 padding=1, maxpool 2, "
        "conv 512 3 padding=1, maxpool 2, conv 512 3 padding=1, maxpool 2, dense 1024"
    )
    return chain(input_shape, num_classes, layers=layers, bias=bias, **options)

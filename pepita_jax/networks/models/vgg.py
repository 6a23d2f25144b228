"""Networks after Simonyan & Zisserman (2015), of the sizes that the field compares rules on."""

from typing import Any

from pepita_jax.networks.models.chain import Shape, chain, padding_up_to
from pepita_jax.networks.network import Network


def vgg5(
    input_shape: Shape,
    num_classes: int,
    *,
    activation: str = "gelu",
    bias: bool = True,
    **options: Any,
) -> Network:
    """VGG-5 of Pinchetti et al., "Benchmarking Predictive Coding Networks" (ICLR 2025).

    Each of its four convolutions is followed by max-pooling; the last one has no padding.

    >>> import jax
    >>> import pepita_jax as pj
    >>> [W.shape for W, b in jax.eval_shape(pj.vgg5((32, 32, 3), 10).init, jax.random.key(0))]
    [(3, 3, 3, 128), (3, 3, 128, 256), (3, 3, 256, 512), (3, 3, 512, 512), (512, 10)]

    Args:
        input_shape: `(H, W, C)` of one image; zeros pad smaller images to 32 pixels each way.
        num_classes: number of output units.
        activation, bias, **options: see `chain`.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    padding = 1 + padding_up_to(32, input_shape)
    layers = (
        f"conv 128 3 padding={padding}, maxpool 2, conv 256 3 padding=1, maxpool 2, "
        "conv 512 3 padding=1, maxpool 2, conv 512 3, maxpool 2"
    )
    options |= {"activation": activation, "bias": bias}
    return chain(input_shape, num_classes, layers=layers, **options)


def vgg8b(input_shape: Shape, num_classes: int, *, bias: bool = True, **options: Any) -> Network:
    """VGG8b of Nøkland & Eidnes (ICML 2019), without its batch normalization and dropout.

    >>> import pepita_jax as pj
    >>> [layer.units for layer in pj.vgg8b((32, 32, 3), 10).layers]
    [128, 256, 256, 512, 512, 512, 1024, 10]

    Args:
        input_shape: `(H, W, C)` of one image; zeros pad smaller images to 16 pixels each way.
        num_classes: number of output units.
        bias, **options: see `chain`.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    padding = 1 + padding_up_to(16, input_shape)
    layers = (
        f"conv 128 3 padding={padding}, conv 256 3 padding=1, maxpool 2, "
        "conv 256 3 padding=1, conv 512 3 padding=1, maxpool 2, "
        "conv 512 3 padding=1, maxpool 2, conv 512 3 padding=1, maxpool 2, dense 1024"
    )
    return chain(input_shape, num_classes, layers=layers, bias=bias, **options)

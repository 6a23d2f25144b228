"""LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998), as in biotorch.

biotorch: Sanfiz & Akrout, "Benchmarking the Accuracy and Robustness of Feedback Alignment
Algorithms", 2021.
"""

from typing import Any

from pepita_jax.networks.models.chain import Shape, chain, padding_up_to
from pepita_jax.networks.network import Network


def lenet5(input_shape: Shape, num_classes: int, *, bias: bool = True, **options: Any) -> Network:
    """Three convolutions and two dense layers, with ReLU and max-pooling.

    >>> import pepita_jax as pj
    >>> pj.lenet5((32, 32, 3), 10).layers[-1].weight_shape
    (84, 10)

    Args:
        input_shape: `(H, W, C)` of one image; zeros pad smaller images to 32 pixels each way.
        num_classes: number of output units.
        bias: whether each unit, or each filter, has a bias.
        **options: activation, output, init, normalize and input_dropout, see `chain`.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    padding = padding_up_to(32, input_shape)
    layers = f"conv 6 5 padding={padding}, maxpool 2, conv 16 5, maxpool 2, conv 120 5, dense 84"
    return chain(input_shape, num_classes, layers=layers, bias=bias, **options)

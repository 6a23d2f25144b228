"""The convolutional networks of Frenkel, Lefebvre & Bol (Frontiers in Neuroscience, 2021)."""

from typing import Any

from pepita_jax.networks.models.chain import Shape, chain, image_shape
from pepita_jax.networks.network import Network

GREY = "conv 32 5 padding=2, maxpool 2, dense 1000"  # for MNIST
COLOUR = "conv 64 3 padding=1, maxpool 2, conv 256 3 padding=1, maxpool 2, dense 1000, dense 1000"


def frenkel_conv(
    input_shape: Shape,
    num_classes: int,
    *,
    dropout: float = 0.0,
    activation: str = "tanh",
    output: str = "sigmoid",
    bias: bool = True,
    **options: Any,
) -> Network:
    """The authors' network for MNIST or, if images have colour, their network for CIFAR-10.

    >>> import pepita_jax as pj
    >>> pj.frenkel_conv((28, 28, 1), 10)
    Network(28x28x1: conv 32 5 padding=2, maxpool 2, dense 1000, dense 10; tanh, sigmoid, bias)

    Args:
        input_shape: `(H, W, C)` of one image; with C = 1 the network is that for MNIST.
        num_classes: number of output units.
        dropout: probability of silencing a unit in training, after each hidden dense layer. (The
            authors also drop what the first dense layer and the network receive.)
        activation, output, bias, **options: see `chain`; here with the authors' defaults.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    layers = GREY if image_shape(input_shape)[2] == 1 else COLOUR
    options |= {"activation": activation, "output": output, "bias": bias}
    return chain(input_shape, num_classes, layers=layers, **options).with_dropout(dropout)

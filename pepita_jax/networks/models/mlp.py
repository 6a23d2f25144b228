"""Multi-layer perceptrons."""

from collections.abc import Sequence
from typing import Unpack

from pepita_jax.networks.layers import Dense, require_sizes
from pepita_jax.networks.models.chain import Options, Shape, chain
from pepita_jax.networks.network import Network


def mlp(
    input_shape: Shape,
    num_classes: int,
    *,
    hidden: Sequence[int] = (1024,),
    dropout: float = 0.0,
    **options: Unpack[Options],
) -> Network:
    """A multi-layer perceptron.

    >>> import pepita_jax as pj
    >>> pj.mlp((28, 28, 1), 10, hidden=(1024,), dropout=0.1)
    Network(28x28x1: dense 1024, dropout 0.1, dense 10; relu, softmax)

    Args:
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        hidden: sizes of the hidden layers.
        dropout: probability of silencing a unit in training, after each hidden layer.
        **options: activation, output, init, normalize, bias and input_dropout, see `chain`.

    Returns:
        A `Network`.

    Raises:
        UserError: a name or size is not valid.
    """
    require_sizes("hidden", hidden)
    layers = tuple(Dense(units, dropout=dropout) for units in hidden)
    return chain(input_shape, num_classes, layers=layers, **options)

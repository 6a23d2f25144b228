"""Networks: pure functions of a tuple of weights.

`models/` has the functions that build networks. `chain.py` says what a network is, and `network.py`
has the passes of which learning rules are made. `layer.py` and `layers.py` have each layer's
products; `convolution.py` serves those of filters, and `bias.py` serves biases. `pooling.py` has
what follows a convolution, and `sequence.py` puts layers together. `nonlinearities.py` and
`initializers.py` hold the functions that go by name.
"""

from pepita_jax.networks.bias import Affine
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.networks.models import (
    MODELS,
    build_network,
    chain,
    conv,
    frenkel_conv,
    lenet5,
    mlp,
    vgg5,
    vgg8b,
)
from pepita_jax.networks.network import Network
from pepita_jax.networks.pooling import AvgPool, GlobalAvgPool, MaxPool
from pepita_jax.networks.sequence import Dropout

__all__ = [
    "MODELS",
    "Affine",
    "AvgPool",
    "Conv",
    "Dense",
    "Dropout",
    "GlobalAvgPool",
    "MaxPool",
    "Network",
    "build_network",
    "chain",
    "conv",
    "frenkel_conv",
    "lenet5",
    "mlp",
    "vgg5",
    "vgg8b",
]

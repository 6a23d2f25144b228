"""Functions that build networks, and the names by which they are chosen.

To add one: write a function like `lenet5` in a file here, and add its line to `MODELS`. `--help`,
the command line and the tests of all models then know it.
"""

from typing import Any

from pepita_jax.errors import look_up
from pepita_jax.networks.models.chain import Shape, chain
from pepita_jax.networks.models.conv import conv
from pepita_jax.networks.models.frenkel_conv import frenkel_conv
from pepita_jax.networks.models.lenet5 import lenet5
from pepita_jax.networks.models.mlp import mlp
from pepita_jax.networks.models.vgg import vgg5, vgg8b
from pepita_jax.networks.network import Network
from pepita_jax.options import check_options, keyword_options

MODELS = {
    "mlp": mlp,
    "conv": conv,
    "lenet5": lenet5,
    "frenkel_conv": frenkel_conv,
    "vgg5": vgg5,
    "vgg8b": vgg8b,
    "chain": chain,
}


def model_options(model: str) -> dict[str, Any]:
    """The options of a model with their defaults, `{option: default}`."""
    shared = {name: value for name, value in keyword_options(chain).items() if name != "layers"}
    return shared | keyword_options(look_up("model", model, MODELS))


def build_network(model: str, *, input_shape: Shape, num_classes: int, **options: Any) -> Network:
    """Builds a network by name, as `--config` does.

    >>> import jax
    >>> import pepita_jax as pj
    >>> net = pj.build_network("mlp", input_shape=(8, 8, 1), num_classes=10, hidden=(32,))
    >>> params = net.init(jax.random.key(0))
    >>> [W.shape for W in params]
    [(64, 32), (32, 10)]

    Args:
        model: a key of `MODELS`; the function of this name builds the network.
        input_shape: `(H, W, C)` of one image.
        num_classes: number of output units.
        **options: the keyword arguments of that function.

    Returns:
        A `Network`.

    Raises:
        UserError: a name, option or size is not valid.
    """
    build = look_up("model", model, MODELS)
    check_options(f"model {model!r}", options, model_options(model))
    return build(input_shape, num_classes, **options)

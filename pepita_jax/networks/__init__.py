"""Networks: pure functions of a tuple of weight arrays, without biases.

`models.py` builds them; `network.py` has the passes that learning rules are made of, on a chain of
layers (`chain.py`). `layers.py` has each layer's products, with `convolution.py` for those of
filters; `nonlinearities.py` and `initializers.py` hold the functions that go by name.
"""

from pepita_jax.networks.models import build_network, conv, mlp
from pepita_jax.networks.network import Network

__all__ = ["Network", "build_network", "conv", "mlp"]

"""How feedback weights are drawn."""

import math

from pepita_jax.errors import look_up
from pepita_jax.network import INITIALIZERS


def draw_input_feedback(key, net, init, scale):
    """F, which carries one number a class to the input: `[num_classes, H, W, C]`.

    Drawn as a first layer's weights would be, times `scale`; its fan-in is the input's size.
    With `he_uniform` it lies within +-scale * sqrt(6 / fan_in). Table 2 of the paper calls
    twice that, the width of the interval, "F std".
    """
    num_inputs = math.prod(net.input_shape)
    weights = look_up("feedback_init", init, INITIALIZERS)(key, (num_inputs, net.num_classes))
    return scale * weights.T.reshape(net.num_classes, *net.input_shape)

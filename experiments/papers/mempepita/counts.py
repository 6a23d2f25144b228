"""Multiply-accumulates and numbers kept of a training step on one sample, by rule.

The formulas are the paper's. We derived them from its figures: see results/README.md.
"""

SOFTMAX = 19  # operations per class, as the paper counts them
GOODNESS = 4  # operations per unit of forward-forward's, over both of its passes


def forward(net):
    return sum(layer.products + layer.others for layer in net.layers) + _softmax(net)


def backward(net):
    """Multiply-accumulates that send the error to all layers but the first, which needs none."""
    _, *above = net.layers
    return sum(layer.products + layer.backward for layer in above)


def update(net):
    return sum(layer.products for layer in net.layers)


def projection(net):
    """Multiply-accumulates of the projection of the error onto the input."""
    return net.inputs * net.classes


def _softmax(net):
    return SOFTMAX * net.classes * net.softmax


def operations(net):
    """`{rule: multiply-accumulates}`."""
    f, u, error = forward(net), update(net), net.classes
    units = sum(layer.units for layer in net.layers if layer.products)
    return {
        "bp": f + backward(net) + u + error,
        "pepita": 2 * f + u + projection(net) + error,
        "mempepita": 3 * f + u + projection(net) + error,
        "forward_forward": 2 * (f - _softmax(net)) + 2 * u + GOODNESS * units,
    }


def activations(net):
    """`{rule: numbers kept}` of input and activities; each is one byte in the paper.

    bp and pepita keep all of them. mempepita computes both passes layer by layer: it keeps the
    input of a layer, and its output in both passes. forward_forward keeps the input and the output
    of a layer, and the network's input.
    """
    everything = net.inputs + sum(layer.units for layer in net.layers)
    weighted = [layer for layer in net.layers if layer.products]
    both = max(layer.seen + 2 * layer.units for layer in weighted)
    one = max(layer.seen + layer.units for layer in weighted)
    return {
        "bp": everything,
        "pepita": everything,
        "mempepita": both + 2 * net.skipped,
        "forward_forward": one + net.skipped + net.inputs,
    }

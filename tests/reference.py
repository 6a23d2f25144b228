"""The papers' equations in NumPy, one sample, one filter and one position at a time.

Written from Sec. 3.2 and 3.3 and Alg. 1, without the package's layers; only a network's sizes
are read from it. Column vectors as in the paper: `W h` is `W.T @ h` in the package's layout.
"""

import numpy as np

from pepita_jax.networks.layers import Conv

ACTIVATIONS = {
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0).astype(a.dtype)),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "linear": (lambda a: a, np.ones_like),
}


def softmax(a):
    powers = np.exp(a - a.max())
    return powers / powers.sum()


OUTPUTS = {"softmax": softmax, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "linear": lambda a: a}


def convolve(x, W, padding):
    """Each filter at each position: `[H, W, C]`, `[k, k, C, n]` -> `[H', W', n]`."""
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    k = W.shape[0]
    a = np.empty((x.shape[0] - k + 1, x.shape[1] - k + 1, W.shape[3]))
    for i, j, n in np.ndindex(a.shape):
        a[i, j, n] = np.sum(x[i : i + k, j : j + k] * W[..., n])
    return a


def max_pool(h, size):
    """Largest of each window, and where it was, `{(i, j, n): (row, column)}`."""
    pooled = np.empty((h.shape[0] // size, h.shape[1] // size, h.shape[2]))
    winners = {}
    for i, j, n in np.ndindex(pooled.shape):
        window = h[i * size : (i + 1) * size, j * size : (j + 1) * size, n]
        row, column = np.unravel_index(window.argmax(), window.shape)
        winners[i, j, n] = (i * size + row, j * size + column)
        pooled[i, j, n] = window.max()
    return pooled, winners


def forward(net, params, x, masks):
    """One sample's forward pass: inputs, pre-activations, activities and pooling's winners."""
    inputs, a, h, winners = [], [], [], []
    for l, (layer, W) in enumerate(zip(net.layers, params, strict=True)):
        is_conv = isinstance(layer, Conv)
        inputs.append(x if is_conv else x.reshape(-1))
        a.append(convolve(x, W, layer.padding) if is_conv else W.T @ inputs[-1])
        last = l == len(params) - 1
        s = OUTPUTS[net.output] if last else ACTIVATIONS[net.activation][0]
        h.append(s(a[-1]))
        if net.normalize and not last:
            h[-1] = h[-1] / np.sqrt(h[-1].var() + 1e-8)
        if masks[l] is not None:
            h[-1] = h[-1] * masks[l]
        x, won = max_pool(h[-1], layer.pool) if is_conv else (h[-1], None)
        winners.append(won)
    return inputs, a, h, winners


def hebbian(layer, post, x):
    """Postsynaptic times presynaptic, summed over a convolution's positions (Sec. 3.3, 1-2)."""
    if not isinstance(layer, Conv):
        return np.outer(x, post)
    p, k = layer.padding, layer.kernel_size
    x = np.pad(x, ((p, p), (p, p), (0, 0)))
    product = np.zeros((k, k, x.shape[2], post.shape[2]))
    for i, j, n in np.ndindex(post.shape):
        product[..., n] += post[i, j, n] * x[i : i + k, j : j + k]
    return product


def pepita(
    net, params, F, image, target, masks, *, modulation=None, sign=1,
    presynaptic="modulated", output_error="standard", update="joint",
):  # fmt: skip
    """Alg. 1 for a batch; `modulation` [B, K] replaces the error (Eq. 11)."""
    total = [np.zeros_like(W) for W in params]
    for b, (x, t) in enumerate(zip(image, target, strict=True)):
        mask = mask_of(b, masks)
        inputs, _, h, _ = forward(net, params, x, mask)
        e = h[-1] - t
        v = e if modulation is None else modulation[b]
        Fe = np.zeros_like(x)
        for k in range(len(e)):
            Fe += F[k] * v[k]
        inputs_err, _, h_err, _ = forward(net, params, x + sign * Fe, mask)
        if update == "hebbian":
            for l, layer in enumerate(net.layers):
                positions = h[l][..., 0].size if isinstance(layer, Conv) else 1
                second = t if l == len(params) - 1 else h_err[l]
                product = hebbian(layer, h[l], inputs[l]) - hebbian(layer, second, inputs_err[l])
                total[l] += product / positions
            continue
        before = inputs_err if presynaptic == "modulated" else inputs
        for l, layer in enumerate(net.layers[:-1]):
            positions = h[l][..., 0].size if isinstance(layer, Conv) else 1
            total[l] += hebbian(layer, h[l] - h_err[l], before[l]) / positions
        last_error = e if output_error == "standard" else h_err[-1] - t
        total[-1] += hebbian(net.layers[-1], last_error, before[-1])
    return [dW / len(image) for dW in total]


def backpropagation(net, params, image, target, masks, backward=None):
    """The chain rule, sample by sample; `backward` [l] replaces layer l's weights on the way."""
    backward = backward or params
    total = [np.zeros_like(W) for W in params]
    for b, (x, t) in enumerate(zip(image, target, strict=True)):
        mask = mask_of(b, masks)
        inputs, a, h, winners = forward(net, params, x, mask)
        d = h[-1] - t
        for l in reversed(range(len(params))):
            layer = net.layers[l]
            total[l] += hebbian(layer, d, inputs[l])
            if l == 0:
                break
            below = to_input(layer, backward[l], d)
            if winners[l - 1] is not None:
                pooled = below.reshape(net.layers[l - 1].output_shape)
                below = np.zeros_like(h[l - 1])
                for (i, j, n), (row, column) in winners[l - 1].items():
                    below[row, column, n] = pooled[i, j, n]
            d = to_preactivation(net, a[l - 1], mask[l - 1], below)
    return [dW / len(image) for dW in total]


def direct(net, params, image, target, masks, send, output=lambda e: e):
    """Rules with a signal `send(l, h_l, e, t)` at the activity of each hidden layer l (from 0)."""
    total = [np.zeros_like(W) for W in params]
    for b, (x, t) in enumerate(zip(image, target, strict=True)):
        mask = mask_of(b, masks)
        inputs, a, h, _ = forward(net, params, x, mask)
        e = h[-1] - t
        for l, layer in enumerate(net.layers[:-1]):
            d = to_preactivation(net, a[l], mask[l], send(l, h[l], e, t))
            total[l] += hebbian(layer, d, inputs[l])
        total[-1] += hebbian(net.layers[-1], output(e), inputs[-1])
    return [dW / len(image) for dW in total]


def mask_of(b, masks):
    return [None if m is None else m[b] for m in masks]


def to_preactivation(net, a, mask, g):
    """Signal at a hidden layer's activity -> at its pre-activation."""
    activate, slope = ACTIVATIONS[net.activation]
    if mask is not None:
        g = g * mask
    if net.normalize:  # h / s(h), with s the standard deviation: quotient rule
        h = activate(a)
        s = np.sqrt(h.var() + 1e-8)
        g = g / s - np.sum(g * h) / s**2 * (h - h.mean()) / (h.size * s)
    return g * slope(a)


def to_input(layer, W, d):
    """Signal at a layer's pre-activation -> signal at its input."""
    if not isinstance(layer, Conv):
        return W @ d
    p, k = layer.padding, layer.kernel_size
    height, width, channels = layer.input_shape
    below = np.zeros((height + 2 * p, width + 2 * p, channels))
    for i, j, n in np.ndindex(d.shape):
        below[i : i + k, j : j + k] += d[i, j, n] * W[..., n]
    return below[p : p + height, p : p + width]

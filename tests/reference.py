"""The papers' equations in NumPy, one sample, one filter and one position at a time.

Written from Sec. 3.2 and 3.3 and Alg. 1, without the package's layers; only a network's sizes
are read from it. Column vectors as in the paper: `W h` is `W.T @ h` in the package's layout.
"""

import math

import numpy as np

from pepita_jax.networks.bias import Affine
from pepita_jax.networks.layers import Conv
from pepita_jax.networks.pooling import GlobalAvgPool, MaxPool

erf = np.vectorize(math.erf)
ACTIVATIONS = {
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0).astype(a.dtype)),
    "leaky_relu": (lambda a: np.where(a > 0, a, 0.01 * a), lambda a: np.where(a > 0, 1, 0.01)),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "gelu": (
        lambda a: a * (1 + erf(a / np.sqrt(2))) / 2,
        lambda a: (1 + erf(a / np.sqrt(2))) / 2 + a * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi),
    ),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "linear": (lambda a: a, np.ones_like),
}


def softmax(a):
    powers = np.exp(a - a.max())
    return powers / powers.sum()


OUTPUTS = {"softmax": softmax, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "linear": lambda a: a}


def convolve(x, W, stride, padding):
    """Each filter at each position: `[H, W, C]`, `[k, k, C, n]` -> `[H', W', n]`."""
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    k = W.shape[0]
    height, width = ((size - k) // stride + 1 for size in x.shape[:2])
    a = np.empty((height, width, W.shape[3]))
    for i, j, n in np.ndindex(a.shape):
        y, z = i * stride, j * stride
        a[i, j, n] = np.sum(x[y : y + k, z : z + k] * W[..., n])
    return a


def pool(h, kind):
    """Pooled activity, and how much each pixel weighs in it, `{(i, j, n): [H, W]}`."""
    if isinstance(kind, GlobalAvgPool):
        sizes = h.shape[:2]
        steps = sizes
    else:
        sizes, steps = (kind.size,) * 2, (kind.stride or kind.size,) * 2
    height, width = ((n - k) // s + 1 for n, k, s in zip(h.shape, sizes, steps, strict=False))
    pooled, weights = np.empty((height, width, h.shape[2])), {}
    for i, j, n in np.ndindex(pooled.shape):
        y, z = i * steps[0], j * steps[1]
        window = h[y : y + sizes[0], z : z + sizes[1], n]
        weight = np.full(window.shape, 1 / window.size)
        if isinstance(kind, MaxPool):
            weight = np.zeros(window.shape)
            weight[np.unravel_index(window.argmax(), window.shape)] = 1
        weights[i, j, n] = np.zeros(h.shape[:2])
        weights[i, j, n][y : y + sizes[0], z : z + sizes[1]] = weight
        pooled[i, j, n] = np.sum(weight * window)
    return pooled, weights


def unpool(below, shape, weights):
    """A signal at pooled activity -> at the activity that was pooled, of this shape."""
    back = np.zeros(shape)
    for (i, j, n), weight in weights.items():
        back[..., n] += weight * below[i, j, n]
    return back


def forward(net, params, x, masks):
    """One sample's forward pass: inputs, pre-activations, activities, and every pooling's shape
    and weights, layer by layer."""
    x = x if masks[0] is None else x * masks[0]
    inputs, a, h, pools = [], [], [], []
    for l, (layer, W) in enumerate(zip(net.layers, params, strict=True)):
        is_conv = isinstance(layer, Conv)
        inputs.append(x if is_conv else x.reshape(-1))
        W, b = W if isinstance(W, Affine) else (W, 0)
        of_conv = lambda: convolve(x, W, layer.stride, layer.padding)  # noqa: B023
        a.append((of_conv() if is_conv else W.T @ inputs[-1]) + b)
        last = l == len(params) - 1
        s = OUTPUTS[net.output] if last else activation(net, layer)[0]
        h.append(s(a[-1]))
        if net.normalize and not last:
            h[-1] = h[-1] / np.sqrt(h[-1].var() + 1e-8)
        mask = None if last else masks[l + 1]
        if mask is not None and not layer.pools:
            h[-1] = h[-1] * mask
        x, weights = h[-1], []
        for kind in layer.pools:
            shape = x.shape
            x, weight = pool(x, kind)
            weights.append((shape, weight))
        if mask is not None and layer.pools:
            x = x * mask
        pools.append(weights)
    return inputs, a, h, pools


def activation(net, layer):
    return ACTIVATIONS[layer.activation or net.activation]


def hebbian(layer, post, x):
    """Postsynaptic times presynaptic, summed over a convolution's positions (Sec. 3.3, 1-2).

    Biases have a presynaptic 1.
    """
    if not isinstance(layer, Conv):
        product, of_bias = np.outer(x, post), post
    else:
        p, k, s = layer.padding, layer.kernel_size, layer.stride
        x = np.pad(x, ((p, p), (p, p), (0, 0)))
        product = np.zeros((k, k, x.shape[2], post.shape[2]))
        for i, j, n in np.ndindex(post.shape):
            product[..., n] += post[i, j, n] * x[i * s : i * s + k, j * s : j * s + k]
        of_bias = post.sum((0, 1))
    return Affine(product, of_bias) if layer.bias else product


def zeros(params):
    return [tree(np.zeros_like, W) for W in params]


def tree(function, *arrays):
    """A function of weights, and of biases where there are any."""
    if isinstance(arrays[0], Affine):
        return Affine(*(function(*parts) for parts in zip(*arrays, strict=True)))
    return function(*arrays)


def pepita(
    net, params, F, image, target, masks, *, modulation=None, sign=1,
    presynaptic="modulated", output_error="standard", update="joint",
):  # fmt: skip
    """Alg. 1 for a batch; `modulation` [B, K] replaces the error (Eq. 11)."""
    total = zeros(params)
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
                one, other = hebbian(layer, h[l], inputs[l]), hebbian(layer, second, inputs_err[l])
                change = lambda t, u, v: t + (u - v) / positions  # noqa: B023
                total[l] = tree(change, total[l], one, other)
            continue
        before = inputs_err if presynaptic == "modulated" else inputs
        for l, layer in enumerate(net.layers[:-1]):
            positions = h[l][..., 0].size if isinstance(layer, Conv) else 1
            product = hebbian(layer, h[l] - h_err[l], before[l])
            total[l] = tree(lambda t, dW: t + dW / positions, total[l], product)  # noqa: B023
        last_error = e if output_error == "standard" else h_err[-1] - t
        total[-1] = add(total[-1], hebbian(net.layers[-1], last_error, before[-1]))
    return mean(total, image)


def backpropagation(net, params, image, target, masks, backward=None):
    """The chain rule, sample by sample; `backward` [l] replaces layer l's weights on the way."""
    backward = backward or params
    total = zeros(params)
    for b, (x, t) in enumerate(zip(image, target, strict=True)):
        mask = mask_of(b, masks)
        inputs, a, h, pools = forward(net, params, x, mask)
        d = h[-1] - t
        for l in reversed(range(len(params))):
            layer = net.layers[l]
            total[l] = add(total[l], hebbian(layer, d, inputs[l]))
            if l == 0:
                break
            W = backward[l].W if isinstance(backward[l], Affine) else backward[l]
            below = to_input(layer, W, d).reshape(net.layers[l - 1].output_shape)
            if pools[l - 1] and mask[l] is not None:
                below = below * mask[l]
            for shape, weights in reversed(pools[l - 1]):
                below = unpool(below, shape, weights)
            d = to_preactivation(net, l - 1, a[l - 1], mask[l], below)
    return mean(total, image)


def direct(net, params, image, target, masks, send, output=lambda e: e):
    """Rules with a signal `send(l, h_l, e, t)` at the activity of each hidden layer l (from 0)."""
    total = zeros(params)
    for b, (x, t) in enumerate(zip(image, target, strict=True)):
        mask = mask_of(b, masks)
        inputs, a, h, _ = forward(net, params, x, mask)
        e = h[-1] - t
        for l, layer in enumerate(net.layers[:-1]):
            d = to_preactivation(net, l, a[l], mask[l + 1], send(l, h[l], e, t))
            total[l] = add(total[l], hebbian(layer, d, inputs[l]))
        total[-1] = add(total[-1], hebbian(net.layers[-1], output(e), inputs[-1]))
    return mean(total, image)


def mask_of(b, masks):
    return [None if m is None else m[b] for m in masks]


def add(total, product):
    return tree(np.add, total, product)


def mean(total, image):
    return [tree(lambda dW: dW / len(image), dW) for dW in total]


def to_preactivation(net, l, a, mask, g):
    """Signal at the activity of hidden layer l (from 0) -> at its pre-activation."""
    activate, slope = activation(net, net.layers[l])
    if mask is not None and not net.layers[l].pools:
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
    p, k, s = layer.padding, layer.kernel_size, layer.stride
    height, width, channels = layer.input_shape
    below = np.zeros((height + 2 * p, width + 2 * p, channels))
    for i, j, n in np.ndindex(d.shape):
        below[i * s : i * s + k, j * s : j * s + k] += d[i, j, n] * W[..., n]
    return below[p : p + height, p : p + width]

"""The four networks of the MLCommons Tiny benchmark, as lists of layers."""

import math
from itertools import pairwise
from typing import NamedTuple


class Layer(NamedTuple):
    """A layer, or an operation between layers.

    Attributes:
        products: multiply-accumulates of its weights on one sample.
        units: number of its outputs.
        parameters: number of weights and biases.
        others: operations without weights, such as pooling or residual additions.
        backward: how many of `others` a backward pass repeats.
        seen: number of its inputs, with the zeros around an image.
    """

    products: int
    units: int
    parameters: int = 0
    others: int = 0
    backward: int = 0
    seen: int = 0


class Network(NamedTuple):
    """A network of the benchmark.

    Attributes:
        inputs: numbers in one sample.
        layers: the layers, from the input side on.
        classes: K; for an autoencoder, the number of outputs.
        softmax: whether the network ends in a softmax.
        skipped: numbers that a residual connection keeps during the layer that needs most.
    """

    inputs: int
    layers: list[Layer]
    classes: int
    softmax: bool = True
    skipped: int = 0


def convolution(side, channels, filters, kernel, stride=1, depthwise=False):
    """A convolution that pads its input, so that only the stride shrinks the image.

    Args:
        side, kernel: `(height, width)`.
        channels, filters: of input and output; the same if depthwise.
    """
    out = tuple(math.ceil(n / stride) for n in side)
    padded = ((n - 1) * stride + k for n, k in zip(out, kernel, strict=True))
    weights = math.prod(kernel) * (1 if depthwise else channels) * filters
    positions = math.prod(out)
    products, units = positions * weights, positions * filters
    return Layer(products, units, weights + filters, seen=math.prod(padded) * channels)


def dense(inputs, units):
    return Layer(inputs * units, units, (inputs + 1) * units, seen=inputs)


def average(positions, channels):
    """Global average pooling."""
    every = positions * channels
    return Layer(0, channels, others=every, backward=every, seen=every)


def separable(side, channels, filters, stride=1):
    """A depthwise convolution, and a pointwise one."""
    out = tuple(math.ceil(n / stride) for n in side)
    return [
        convolution(side, channels, channels, (3, 3), stride, depthwise=True),
        convolution(out, channels, filters, (1, 1)),
    ]


def keyword_spotting():
    """DS-CNN, 49 x 10 coefficients, 12 words."""
    first = convolution((49, 10), 1, 64, (10, 4), stride=2)
    blocks = [layer for _ in range(4) for layer in separable((25, 5), 64, 64)]
    return Network(490, [first, *blocks, average(125, 64), dense(64, 12)], 12)


def visual_wake_words():
    """MobileNet of width 0.25, 96 x 96 pixels, 2 classes."""
    layers, side, channels = [convolution((96, 96), 3, 8, (3, 3), stride=2)], 48, 8
    for filters, stride in [
        (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1),
    ]:  # fmt: skip
        layers += separable((side, side), channels, filters, stride)
        side, channels = math.ceil(side / stride), filters
    return Network(96 * 96 * 3, [*layers, average(9, 256), dense(256, 2)], 2)


def image_classification():
    """ResNet of eight layers, CIFAR-10."""
    layers, side, channels = [convolution((32, 32), 3, 16, (3, 3))], 32, 16
    for filters, stride in [(16, 1), (32, 2), (64, 2)]:
        inside, added = math.ceil(side / stride), math.ceil(side / stride) ** 2 * filters
        layers.append(convolution((side, side), channels, filters, (3, 3), stride))
        layers.append(convolution((inside, inside), filters, filters, (3, 3)))
        if stride > 1:
            layers.append(convolution((side, side), channels, filters, (1, 1), stride))
        layers.append(Layer(0, added, others=added))  # the sum with what skips the block
        side, channels = inside, filters
    layers += [average(64, 64), dense(64, 10)]
    return Network(32 * 32 * 3, layers, 10, skipped=32 * 32 * 16)


def anomaly_detection():
    """The autoencoder of ToyADMOS."""
    sizes = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    layers = [dense(n, m) for n, m in pairwise(sizes)]
    return Network(640, layers, 640, softmax=False)


NETWORKS = {
    "DS-CNN, keywords": keyword_spotting(),
    "MobileNet, wake words": visual_wake_words(),
    "ResNet, CIFAR-10": image_classification(),
    "autoencoder, ToyADMOS": anomaly_detection(),
}

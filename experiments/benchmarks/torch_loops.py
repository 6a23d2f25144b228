"""The same training as a PyTorch user writes it: eager, one seed, data in memory, all cores.

PEPITA runs two whole passes. BP uses autograd. A convolution is a product with patches (unfold),
which is faster on CPUs than conv2d. This file needs the extra `bench`.
"""

import math
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from configs.presets import BATCH_SIZE
from experiments.benchmarks.steps import (
    SHAPES,
    STEPS,
    Case,
    block_seconds,
    milliseconds,
    random_data,
    ratio,
)

NUM_IMAGES, NUM_CLASSES = 5000, 10
HIDDEN, DROPOUT, FILTERS, KERNEL_SIZE, FEEDBACK_SCALE = 1024, 0.1, 32, 5, 0.05  # Table 2


class DenseNet(nn.Module):
    """One hidden layer with dropout; `image_shape` is [channels, side, side]."""

    def __init__(self, image_shape):
        super().__init__()
        self.first = _weights(HIDDEN, math.prod(image_shape))
        self.last = _weights(NUM_CLASSES, HIDDEN)
        self.drop = nn.Dropout(DROPOUT)

    def draw_mask(self, batch_size):
        return self.drop(torch.ones(batch_size, HIDDEN))

    def presynaptic(self, x):
        return x.flatten(1)

    def hidden(self, pre, mask):
        return torch.relu(pre @ self.first.T) * mask

    def below_last(self, h):
        return h

    def correlate(self, pre, signal):
        return signal.T @ pre


class ConvNet(nn.Module):
    """A convolution and 2x2 max-pooling; `image_shape` is [channels, side, side]."""

    def __init__(self, image_shape):
        super().__init__()
        channels, side, _ = image_shape
        self.side = side - KERNEL_SIZE + 1
        self.first = _weights(FILTERS, channels * KERNEL_SIZE**2)
        self.last = _weights(NUM_CLASSES, FILTERS * (self.side // 2) ** 2)

    def draw_mask(self, batch_size):
        return None

    def presynaptic(self, x):
        return nn.functional.unfold(x, KERNEL_SIZE)  # [B, fan_in, positions]

    def hidden(self, pre, mask):
        return torch.relu(self.first @ pre)

    def below_last(self, h):
        return nn.functional.max_pool2d(h.unflatten(2, (self.side, self.side)), 2).flatten(1)

    def correlate(self, pre, signal):
        return (signal @ pre.transpose(1, 2)).sum(0) / self.side**2


MODELS = {"mlp": DenseNet, "conv": ConvNet}


def _weights(units, fan_in):
    return nn.Parameter(nn.init.kaiming_uniform_(torch.empty(units, fan_in)))


def _forward(net, x, mask):
    pre = net.presynaptic(x)
    h = net.hidden(pre, mask)
    below_last = net.below_last(h)
    return pre, h, below_last, below_last @ net.last.T


def bp_step(net, F, optimizer, x, label):
    *_, scores = _forward(net, x, net.draw_mask(len(x)))
    optimizer.zero_grad()
    nn.functional.cross_entropy(scores, label).backward()
    optimizer.step()


@torch.no_grad()
def pepita_step(net, F, optimizer, x, label):
    mask = net.draw_mask(len(x))
    _, h, _, scores = _forward(net, x, mask)
    e = scores.softmax(1) - nn.functional.one_hot(label, NUM_CLASSES)
    pre_err, h_err, below_last_err, _ = _forward(net, x + (e @ F).view_as(x), mask)
    net.first.grad = net.correlate(pre_err, h - h_err) / len(x)
    net.last.grad = e.T @ below_last_err / len(x)
    optimizer.step()


RULES = {"bp": bp_step, "pepita": pepita_step}


def batches_by_index(image, label, batch_size):
    """Endless batches, picked by a random permutation."""
    while True:
        order = torch.randperm(len(image))[: len(image) // batch_size * batch_size]
        for chosen in order.split(batch_size):
            yield image[chosen], label[chosen]


def batches_by_loader(image, label, batch_size):
    """Endless batches of a DataLoader."""
    loader = DataLoader(TensorDataset(image, label), batch_size, shuffle=True, drop_last=True)
    while True:
        yield from loader


LOOPS = {"indexing": batches_by_index, "DataLoader": batches_by_loader}


def compare_with_torch(model, shape, rules):
    """Rows of milliseconds per step in PyTorch, and their ratio to ours per seed, of ten seeds."""
    pairs = [(rule, loop) for rule in RULES if rule in rules for loop in LOOPS]
    blocks = {pair: torch_block(model, shape, *pair) for pair in pairs}
    ours = {rule: Case(model, shape, rule).block() for rule, _ in pairs}
    seconds = block_seconds(blocks | ours)
    return [
        {
            "model": model,
            "shape": shape,
            "rule": rule,
            "PyTorch loop": loop,
            "ms": milliseconds(seconds[rule, loop]),
            "ours, ms": milliseconds(seconds[rule]),
            "PyTorch / ours": ratio(seconds[rule, loop], seconds[rule]),
        }
        for rule, loop in pairs
    ]


def torch_block(model, shape, rule, loop):
    """A function that takes some steps and returns the seconds per step."""
    torch.manual_seed(0)
    height, width, channels = SHAPES[shape]
    net = MODELS[model]((channels, height, width))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    image, label = map(torch.from_numpy, random_data(shape, NUM_IMAGES))
    image, label = image.permute(0, 3, 1, 2).contiguous() / 255, label.long()
    F = FEEDBACK_SCALE * _weights(NUM_CLASSES, image[0].numel()).detach()
    batches = LOOPS[loop](image, label, BATCH_SIZE[model])

    def block():
        start = time.perf_counter()
        for _ in range(STEPS[model]):
            RULES[rule](net, F, optimizer, *next(batches))
        return (time.perf_counter() - start) / STEPS[model]

    return block

"""Shows how much faster PEPITA would be if its layers worked in a pipeline.

    python -m experiments.studies.pipelining

prints a table for networks of 2 to 16 layers. It trains nothing.

In one tick, a layer computes the standard pass of a sample, or the modulated pass and the update
that follows it. A sample takes L ticks for the standard pass and L for the modulated pass. One
after another, samples are 2 L ticks apart. In a pipeline, a sample begins as soon as the modulated
pass of the sample before it has left the first layer: samples are L + 1 ticks apart. Each layer
still updates its weights for one sample before it sees the next one. The weights are therefore the
same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
from jax import Array

from experiments.command_line import cli
from pepita_jax.rules.pepita import Pepita
from pepita_jax.tables import markdown_table
from pepita_jax.types import Batch, Weights

DEPTHS = (2, 3, 4, 6, 8, 16)


class Job(NamedTuple):
    """What a layer does in a tick.

    Attributes:
        tick: from 0.
        sample: its number.
        layer: its number, from 0.
        is_modulated: whether it is the modulated pass; the layer then also updates its weights.
    """

    tick: int
    sample: int
    layer: int
    is_modulated: bool


def schedule(num_layers: int, num_samples: int, pipelined: bool) -> list[Job]:
    """All jobs, in the order of their ticks."""
    period = num_layers + 1 if pipelined else 2 * num_layers
    jobs = [
        Job(sample * period + is_modulated * num_layers + layer, sample, layer, bool(is_modulated))
        for sample in range(num_samples)
        for is_modulated in (0, 1)
        for layer in range(num_layers)
    ]
    return sorted(jobs)


def train(
    rule: Pepita,
    params: Weights,
    F: Array,
    samples: Sequence[Batch],
    jobs: Sequence[Job],
    learning_rate: float,
) -> Weights:
    """The weights after plain descent by `pepita`, with the layers' jobs in the given order.

    Args:
        rule: on dense layers, without dropout.
        params, F: weights and feedback of one seed.
        samples: batches of any size.
        jobs: from `schedule`.
        learning_rate: of the descent.
    """
    net, W = rule.net, list(params)
    x, t = [], [net.one_hot(batch.label) for batch in samples]
    x = [net.receive(batch.image) for batch in samples]
    h: dict[tuple, Array] = {(n, 0, False): x_n for n, x_n in enumerate(x)}
    for _, n, l, is_modulated in jobs:
        if is_modulated and l == 0:
            e = h[n, len(W), False] - t[n]
            h[n, 0, True] = x[n] + net.receive(jax.numpy.tensordot(e, F, 1))
        below = h[n, l, is_modulated]
        here = h[n, l + 1, is_modulated] = net.activate(l, below @ W[l], (None,) * len(W))
        if is_modulated:
            is_output = l == len(W) - 1
            standard = h[n, l + 1, False]
            d = standard - (t[n] if is_output else here)
            W[l] = W[l] - learning_rate * (below.T @ d) / len(d)
    return tuple(W)


def main(arguments):
    cli.refuse(arguments)
    of = lambda depth: (
        str(depth),
        str(2 * depth),
        str(depth + 1),
        f"{2 * depth / (depth + 1):.2f}",
    )
    headings = ("layers", "ticks, one after another", "ticks, pipelined", "times as fast")
    print(markdown_table([headings, *map(of, DEPTHS)]))


if __name__ == "__main__":
    cli.start(main, lambda: __doc__)

"""Sizes chosen by measurement: how many seeds, and how many images, go through a step together.

These are the only constants that were tuned to particular machines, as
docs/explanation/tuning.md tells. They decide speed and the last digits of results, nothing else.
"""

import math
from collections.abc import Callable
from typing import Any

import jax

from pepita_jax.networks.network import Network
from pepita_jax.types import TrainState

PIECES = range(4, 17)  # images whose patches and activities stay in a CPU's cache
# A convolution runs in pieces if it has fewer weights per patch value than this. With 0.1 weights,
# pieces made it 1.6 times as fast; with 11, slower.
MOST_WEIGHTS = 4
EVALUATED_TOGETHER = 5  # seeds, which share patches, and images in an evaluation
TPU_BYTES = 56 * 2**20  # of a TPU core's fast memory (128 MiB): 53 MiB stayed there, 73 did not
ACTIVITIES = 3  # copies of a batch's activities that a step holds: two passes, and a signal


def default_seeds_at_once(platform: str, num_seeds: int, bytes_per_seed: Callable[[], int]) -> int:
    """How many of a device's seeds go through a step together; 0: all.

    On a CPU it is one, whose weights then stay in cache. On a GPU it is all, since one does not
    fill it. On a TPU it is as many as stay in fast memory from step to step, in chunks of about the
    same size.

    Args:
        platform: `cpu`, `gpu` or `tpu`.
        num_seeds: number of the device's seeds.
        bytes_per_seed: `() -> bytes` that a step of one seed works on, see `seed_bytes`.
    """
    if platform == "cpu":
        return 1
    if platform != "tpu":
        return 0
    chunks = -(-num_seeds // max(1, TPU_BYTES // bytes_per_seed()))
    return -(-num_seeds // chunks) if chunks > 1 else 0


def choose_seeds_at_once(
    platform: str,
    net: Network,
    batch_size: int,
    seeds_per_device: int,
    shapes: Callable[[], TrainState],
) -> int:
    """`default_seeds_at_once` for a network and a batch.

    Args:
        platform: `cpu`, `gpu` or `tpu`.
        net, batch_size: what is trained.
        seeds_per_device: see `seed_mesh`.
        shapes: `() -> states` of all seeds, or shapes of states.
    """

    def bytes_per_seed():
        state = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), shapes())
        return seed_bytes(net, batch_size, state)

    return default_seeds_at_once(platform, seeds_per_device, bytes_per_seed)


def seed_bytes(net: Network, batch_size: int, state: Any) -> int:
    """Bytes of a batch's activities and of a seed's `TrainState`, or of the state's shapes."""
    units = sum(math.prod(layer.activity_shape) for layer in net.layers)
    kept = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(state))
    return kept + ACTIVITIES * batch_size * units * 4


def default_images_at_once(platform: str, net: Network, batch_size: int) -> int | None:
    """Size of the pieces of a batch; None, the whole, unless pieces save more than they cost.

    On a CPU, pieces keep a convolution's patches in cache. Each piece reads all weights and adds
    up their updates, so pieces pay only if there are few weights.
    """
    patches = sum(
        layer.num_positions * math.prod(layer.weight_shape[:-1])
        for layer in net.layers
        if layer.num_positions > 1
    )
    sizes = [k for k in PIECES if batch_size % k == 0]
    if platform != "cpu" or not patches or not sizes:
        return None
    weights = sum(math.prod(layer.weight_shape) for layer in net.layers)
    return max(sizes) if weights < MOST_WEIGHTS * patches * max(sizes) else None


def evaluation_layout(
    platform: str, in_pieces: bool, seeds_at_once: int, batch_size: int
) -> tuple[int, int]:
    """How many seeds, and how many images, go through an evaluation together."""
    if in_pieces:  # seeds share the images: those in cache serve several seeds
        return EVALUATED_TOGETHER, EVALUATED_TOGETHER
    return seeds_at_once, 500 if platform == "cpu" else max(100, batch_size)

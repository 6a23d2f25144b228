"""How the seed axis lies on the devices, and a batch in a CPU's cache."""

import math

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec

PIECES = range(4, 17)  # images whose patches and activities stay in a CPU's cache
WORTHWHILE = 4  # weights a patch value, measured at 0.1 (1.6 times as fast) and at 11 (slower)
SHARING = 5  # seeds that share the patches of as many images in evaluation
KEPT = 56 * 2**20  # bytes that stay in a TPU core's fast memory, 128 MiB; 53 did, 73 did not
ACTIVITIES = 3  # of a batch that a step holds at a time: of two passes, and a signal


def default_seeds_at_once(platform, num_seeds, seed_bytes):
    """How many of a device's seeds go through a step together; 0: all.

    On a CPU one, whose weights then stay in cache. On a GPU all: one does not fill it. On a TPU as
    many as stay in fast memory from step to step, in chunks of about the same size.

    Args:
        platform: `cpu`, `gpu` or `tpu`.
        num_seeds: of a device.
        seed_bytes: a function that says what a step of one seed works on, in bytes.
    """
    if platform == "cpu":
        return 1
    if platform != "tpu":
        return 0
    chunks = -(-num_seeds // max(1, KEPT // seed_bytes()))
    return -(-num_seeds // chunks) if chunks > 1 else 0


def seed_bytes(net, batch_size, state):
    """Bytes of a seed's `TrainState`, or of its shapes, and of a batch's activities."""
    units = sum(math.prod(layer.activity_shape) for layer in net.layers)
    kept = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(state))
    return kept + ACTIVITIES * batch_size * units * 4


def default_images_at_once(platform, net, batch_size):
    """Size of the pieces of a batch: None, the whole, unless pieces save more than they cost.

    On CPU it pays to keep a convolution's patches in cache, as long as there are few weights, which
    each piece reads and whose updates it adds up.
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
    return max(sizes) if weights < WORTHWHILE * patches * max(sizes) else None


def evaluation_layout(platform, in_pieces, seeds_at_once, batch_size):
    """Seeds and images that go through an evaluation together."""
    if in_pieces:  # all seeds are evaluated on the same images: those in cache serve several
        return SHARING, SHARING
    return seeds_at_once, 500 if platform == "cpu" else max(100, batch_size)


def seed_mesh(num_seeds, devices):
    """The devices that share `num_seeds` seeds, no more of them than shorten the work.

    Returns:
        Their `Mesh`, and the seeds that each has: where that is more than there are seeds, the
        last seed fills up.
    """
    seeds_per_device = -(-num_seeds // len(devices))
    num_used = -(-num_seeds // seeds_per_device)
    return Mesh(devices[:num_used], ("seed",)), seeds_per_device


def platform_of(mesh):
    """`cpu`, `gpu` or `tpu`, of the devices that a program is for, which need not be here."""
    return mesh.devices.flat[0].platform


def over_seeds(function, num_mapped, seeds_at_once, mesh, updates=False):
    """Maps `function` over the leading axis of its first `num_mapped` arguments.

    Args:
        function: written for one seed.
        num_mapped: arguments with a seed axis, in equal shares on the devices; all seeds share the
            others.
        seeds_at_once: of a device's seeds, 0 all by vmap; 1 one after another; k in
            chunks of k.
        mesh: devices, see `seed_mesh`.
        updates: whether the first result is the first argument, changed. Each seed's is then
            written over its old one, so that there is no second copy of them all.
    """

    def on_one_device(per_seed, shared):
        of_one = lambda seed: function(*seed, *shared)
        if seeds_at_once == 0:
            return jax.vmap(of_one)(per_seed)
        if updates:
            return map_in_place(of_one, per_seed, seeds_at_once)
        batch_size = None if seeds_at_once == 1 else seeds_at_once
        return jax.lax.map(of_one, per_seed, batch_size=batch_size)

    specs = (PartitionSpec("seed"), PartitionSpec())
    # Unchecked, for a loop may start from zeros that are the same on all devices.
    on_all = jax.shard_map(
        on_one_device, mesh=mesh, in_specs=specs, out_specs=specs[0], check_vma=False
    )

    return lambda *arguments: on_all(arguments[:num_mapped], arguments[num_mapped:])


def map_in_place(function, per_seed, at_once):
    """Like `jax.lax.map`, of a function whose first result takes the place of its first argument.

    Args:
        function: `(state, *others) -> (state, more)`, given as one tuple.
        per_seed: `(states, *others)`, seed axis first.
        at_once: seeds that go through the function together, by vmap.
    """
    states, *others = per_seed
    num_seeds = len(jax.tree.leaves(states)[0])
    at_once = min(at_once, num_seeds)

    def chunk(states, start, size):
        take = lambda x: jax.lax.dynamic_slice_in_dim(x, start, size)
        seeds = jax.tree.map(take, (states, *others))
        if size == 1:
            new = function(jax.tree.map(lambda x: x[0], seeds))
            new, more = jax.tree.map(lambda x: x[None], new)
        else:
            new, more = jax.vmap(function)(seeds)
        put = lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, start, 0)
        return jax.tree.map(put, states, new), more

    whole = num_seeds // at_once * at_once
    starts = jnp.arange(0, whole, at_once)
    states, more = jax.lax.scan(lambda s, i: chunk(s, i, at_once), states, starts)
    more = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), more)
    if rest := num_seeds - whole:
        states, last = chunk(states, whole, rest)
        more = jax.tree.map(lambda *x: jnp.concatenate(x), more, last)
    return states, more

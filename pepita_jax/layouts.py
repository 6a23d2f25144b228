"""How the seed axis lies on the devices, and a batch in a CPU's cache."""

import math

import jax
from jax.sharding import Mesh, PartitionSpec

PIECES = range(4, 17)  # images whose patches and activities stay in a CPU's cache
WORTHWHILE = 4  # weights a patch value, measured at 0.1 (1.6 times as fast) and at 11 (slower)


def default_seeds_at_once(platform):
    """One after another on CPU, where a seed's weights then stay in cache; all elsewhere."""
    return 1 if platform == "cpu" else 0


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


def seed_mesh(num_seeds, devices):
    """The devices that share `num_seeds` seeds, no more of them than shorten the work.

    Returns:
        Their `Mesh`, and the seeds that each has: where that is more than there are seeds, the
        last seed fills up.
    """
    seeds_per_device = -(-num_seeds // len(devices))
    num_used = -(-num_seeds // seeds_per_device)
    return Mesh(devices[:num_used], ("seed",)), seeds_per_device


def platform(mesh):
    """`cpu`, `gpu` or `tpu`, of the devices that a program is for, which need not be here."""
    return mesh.devices.flat[0].platform


def over_seeds(function, num_mapped, seeds_at_once, mesh):
    """Maps `function` over the leading axis of its first `num_mapped` arguments.

    Args:
        function: written for one seed.
        num_mapped: arguments with a seed axis, in equal shares on the devices; all seeds share the
            others.
        seeds_at_once: of a device's seeds, 0 all by vmap; 1 one after another by lax.map; k in
            chunks of k.
        mesh: devices, see `seed_mesh`.
    """

    def on_one_device(per_seed, shared):
        of_one = lambda seed: function(*seed, *shared)
        if seeds_at_once == 0:
            return jax.vmap(of_one)(per_seed)
        batch_size = None if seeds_at_once == 1 else seeds_at_once
        return jax.lax.map(of_one, per_seed, batch_size=batch_size)

    specs = (PartitionSpec("seed"), PartitionSpec())
    # Unchecked, for a loop may start from zeros that are the same on all devices.
    on_all = jax.shard_map(
        on_one_device, mesh=mesh, in_specs=specs, out_specs=specs[0], check_vma=False
    )

    return lambda *arguments: on_all(arguments[:num_mapped], arguments[num_mapped:])

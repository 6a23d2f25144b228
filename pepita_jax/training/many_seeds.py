"""Many seeds at once: the one place where the seed axis exists.

`one_seed.py` is written for one seed. Here each of its functions gets a leading seed axis, shared
out over the devices, on each laid out by `vmap`, one after another, or in chunks, and is
compiled once. The devices' shares are equal, and need nothing of one another: where the seeds do
not suffice, the last one is trained several times. A CPU's cores can be a device each:
`jax.config.update("jax_num_cpu_devices", n)`.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from pepita_jax.errors import require, require_int
from pepita_jax.training import one_seed
from pepita_jax.training.layouts import platform_of, seed_mesh
from pepita_jax.training.programs import PerSeed, default_layout, programs

MAX_SEED = 2**32 - 1  # JAX's keys hold no more
ROW = 128  # numbers; an image's row has a multiple of this
PROGRESS_UPDATES = 5  # an epoch, each the end of a call of `train_steps`


def seed_keys(seed, num_seeds):
    """Keys of seeds 0 to `num_seeds` - 1 of a run, `[S]`."""
    require_int("num_seeds", num_seeds, 1)
    require_int("seed", seed, 0, MAX_SEED)
    return jax.vmap(lambda k: one_seed.seed_key(seed, k))(jnp.arange(num_seeds))


def check_sizes(num_examples, batch_size, seeds_at_once):
    """Raises a `UserError` if a `SeedTrainer` could not be had with these."""
    require_int("batch_size", batch_size, 1)
    message = f"batch_size {batch_size} is larger than the training set ({num_examples} images)"
    require(batch_size <= num_examples, message)
    if seeds_at_once is not None:
        require_int("seeds_at_once", seeds_at_once, 0)


class SeedTrainer:
    """Trains all seeds of one recipe on one data set.

    Its states have an axis of lanes first: the seeds, and the last of them again where the devices'
    shares must be filled up.

    Args:
        recipe: `numbers -> (rule, optimizer)`, hashable, see `recipe.py`.
        data: `(image, label)` of the training set; uint8 or float images `[N, H, W, C]`.
        batch_size: examples a step.
        keys: keys of the seeds, `[S]`.
        seeds_at_once: layout of the seed axis, see `over_seeds`; None: see `default_seeds_at_once`.
        devices: that share the seeds, each with a copy of the data; None: all.
        numbers: `{field: [S]}` for the recipe.

    Attributes:
        data: of `replicate`.
        lanes: `PerSeed`, shared out over the devices.
        num_seeds: S.
        steps_per_epoch: whole batches of the training set.
        by_seed: sharding of arrays with an axis of lanes.
        layout: what the numbers may depend on in their last digits, a plain dict.
        plan_epoch: compiled `(keys, epoch) -> Plan` of every lane, see `one_seed.plan_epoch`.
        train_steps: compiled `(states, lanes, ...)`, on as `one_seed.train_steps`; gives up states.
    """

    def __init__(
        self, recipe, data, batch_size, keys, seeds_at_once=None, devices=None, numbers=None
    ):
        self.num_seeds, num_examples = len(keys), len(data[0])
        check_sizes(num_examples, batch_size, seeds_at_once)
        found, wanted = data[0].shape[1:], recipe.rule.net.input_shape
        require(found == wanted, f"images have shape {found}, the network takes {wanted}")
        mesh, seeds_per_device = seed_mesh(len(keys), devices or jax.local_devices())
        self.by_seed = NamedSharding(mesh, PartitionSpec("seed"))
        self._num_lanes = seeds_per_device * mesh.size
        self._everywhere = NamedSharding(mesh, PartitionSpec())
        self.data = self.replicate(data)
        self.lanes = self.shard(PerSeed(keys, numbers or {}))
        if (at_once := seeds_at_once) is None:
            kind = platform_of(mesh)
            at_once = default_layout(recipe, self.lanes, batch_size, seeds_per_device, kind)
        self.steps_per_epoch = num_examples // batch_size
        self._fixed_batch = jax.tree.map(lambda x: x[:batch_size], self.data)
        self._programs = programs(recipe, num_examples, batch_size, at_once, mesh, self.by_seed)
        self.plan_epoch = self._programs.plan_epoch
        self.train_steps = self._programs.train_steps
        self.layout = {
            "seeds_at_once": at_once,
            "seeds_share_devices": mesh.size,
            "images_at_once": self._programs.images_at_once,
        }

    def init(self):
        """The initial `TrainState` of every lane."""
        return self._programs.init(self.lanes)

    def shapes(self):
        """Shapes and types of what `gather` makes of states."""
        resize = lambda x: jax.ShapeDtypeStruct((self.num_seeds, *x.shape[1:]), x.dtype)
        return jax.tree.map(resize, jax.eval_shape(self.init))

    def replicate(self, data):
        """`(image, label)` with a copy on every device, an image a row of numbers, filled up.

        A TPU pads an array's last axes to tiles: an image would take many times its size, and an
        array of shorter rows would be transposed before every use.
        """
        image, label = data
        rows = np.asarray(image).reshape(len(image), -1)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % ROW)))
        return jax.device_put((rows, label), self._everywhere)

    def shard(self, per_seed):
        """Arrays `[S, ...]` as lanes, in equal shares on the devices."""
        filled_up = np.minimum(np.arange(self._num_lanes), self.num_seeds - 1)
        return jax.device_put(jax.tree.map(lambda x: x[filled_up], per_seed), self.by_seed)

    def gather(self, per_lane):
        """The lanes' arrays as NumPy's `[S, ...]`, without those that only fill up."""
        return jax.tree.map(lambda x: np.asarray(x)[: self.num_seeds], per_lane)

    def train_epoch(self, states, epoch, report=lambda steps: None):
        """Trains one epoch.

        Args:
            states: `TrainState` of every lane; its buffers are given up.
            epoch: number of the epoch, from 1.
            report: called now and then with the number of steps just done.

        Returns:
            The new states, and `{"train_loss": [S], "train_accuracy": [S]}`, means over the
            epoch's batches as trained.
        """
        plan = self.plan_epoch(self.lanes.keys, epoch)
        total = {"loss": 0.0, "accuracy": 0.0}
        stride = -(-self.steps_per_epoch // PROGRESS_UPDATES)
        for start in range(0, self.steps_per_epoch, stride):
            stop = min(start + stride, self.steps_per_epoch)
            states, sums = self.train_steps(states, self.lanes, plan, start, stop, self.data)
            sums = jax.tree.map(lambda x: np.asarray(x, np.float64)[: self.num_seeds], sums)
            total = {name: total[name] + sums[name] for name in total}
            report(stop - start)
        return states, {f"train_{name}": total[name] / self.steps_per_epoch for name in total}

    def evaluate(self, states, data):
        """Accuracy of every seed on `(image, label)`, as from `replicate`, `[S]` fractions."""
        correct = np.asarray(self._programs.count_correct(states.params, data))
        return correct[: self.num_seeds] / len(data[0])

    def are_finite(self, states):
        """Which seeds' weights and feedback are finite, `[S]`."""
        return np.asarray(self._programs.are_finite(states))[: self.num_seeds]

    def measure_alignment(self, states):
        """The `Alignment` of every seed on the training set's first batch.

        Returns:
            `{"gradient_angle": [S, L], "feedback_angle": [S, arrays of F], "feedback_product":
            [S, arrays of F], "weight_norm": [S, L]}`.
        """
        with jax.debug_nans(False):  # see `analysis.alignment`
            measured = self._programs.measure_alignment(states, self.lanes, self._fixed_batch)
        stack = lambda arrays: (
            np.array(arrays).reshape(len(arrays), self._num_lanes).T[: self.num_seeds]
        )
        return {name: stack(arrays) for name, arrays in measured._asdict().items()}

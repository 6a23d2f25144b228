"""Trains many seeds side by side on one data set, an epoch at a time."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import NamedSharding, PartitionSpec

from pepita_jax.errors import require, require_int
from pepita_jax.rules.base import Rule
from pepita_jax.training import one_seed, tuning
from pepita_jax.training.seed_axis import (
    compile_stages,
    init_states,
    platform_of,
    same_for_all,
    seed_mesh,
)
from pepita_jax.types import TrainState

MAX_SEED = 2**32 - 1  # JAX's keys hold no more
ROW = 128  # an image's row is filled up to a multiple of this many numbers
PROGRESS_UPDATES = 5  # per epoch, one after each call of `train_steps`


def seed_keys(seed: int, num_seeds: int) -> Array:
    """Keys of seeds 0 to `num_seeds` - 1 of a run, `[S]`."""
    require_int("num_seeds", num_seeds, 1)
    require_int("seed", seed, 0, MAX_SEED)
    return jax.vmap(lambda k: one_seed.seed_key(seed, k))(jnp.arange(num_seeds))


def check_sizes(num_examples: int, batch_size: int, seeds_at_once: int | None) -> None:
    """Raises a `UserError` if a `SeedTrainer` cannot be made with these sizes."""
    require_int("batch_size", batch_size, 1)
    message = f"batch_size {batch_size} is larger than the training set ({num_examples} images)"
    require(batch_size <= num_examples, message)
    if seeds_at_once is not None:
        require_int("seeds_at_once", seeds_at_once, 0)


class SeedTrainer:
    """Trains all seeds with one rule and one optimizer.

    Its states have a leading seed axis, padded to fill up the devices' shares.

    Args:
        rule: a learning rule.
        optimizer: any optax transformation.
        data: `(image, label)` of the training set; uint8 or float images `[N, H, W, C]`.
        batch_size: examples per step.
        keys: keys of the seeds, `[S]`.
        seeds_at_once: layout of the seed axis, see `over_seeds`; None: `tuning`'s default.
        devices: the devices that share the seeds, each with a copy of the data; None: all.
        numbers: a pytree of arrays `[S]`, for `vary`.
        vary: for sweeps, `(rule, optimizer, feedback_optimizer, numbers of one seed) -> (rule,
            optimizer, feedback_optimizer)`.
        feedback_optimizer, batching: see `train_step`, and `Batching`.

    Attributes:
        num_seeds: S.
        data: the training set, from `replicate`.
        keys, numbers: those of the padded seeds, shared out over the devices.
        steps_per_epoch: number of batches of an epoch.
        stages: `Compiled`.
        layout: a plain dict of all that may change the last digits of results.
    """

    def __init__(
        self,
        rule: Rule,
        optimizer: Any,
        data: tuple,
        batch_size: int,
        keys: Array,
        seeds_at_once: int | None = None,
        devices: Sequence[jax.Device] | None = None,
        numbers: Any = None,
        vary: Callable = same_for_all,
        feedback_optimizer: Any = None,
        batching: one_seed.Batching = one_seed.Batching(),  # noqa: B008  it never changes
    ):
        self.num_seeds, num_examples = len(keys), len(data[0])
        check_sizes(num_examples, batch_size, seeds_at_once)
        found, wanted = data[0].shape[1:], rule.net.input_shape
        require(found == wanted, f"images have shape {found}, the network takes {wanted}")
        mesh, seeds_per_device = seed_mesh(len(keys), devices or jax.local_devices())
        self._num_padded = seeds_per_device * mesh.size
        self.by_seed = NamedSharding(mesh, PartitionSpec("seed"))
        self._everywhere = NamedSharding(mesh, PartitionSpec())
        self.data = self.replicate(data)
        self.keys, self.numbers = self.shard((keys, numbers))
        self.steps_per_epoch = batching.steps_per_epoch(num_examples, batch_size)
        # An incomplete batch counts by its images.
        self._batches = min(self.steps_per_epoch, num_examples / batch_size)
        self._fixed_batch = jax.tree.map(lambda x: x[:batch_size], self.data)

        platform = platform_of(mesh)
        if seeds_at_once is None:
            of = {"vary": vary, "feedback_optimizer": feedback_optimizer}
            init = partial(init_states, rule, optimizer, **of)
            shapes = lambda: jax.eval_shape(init, self.keys, self.numbers)
            seeds_at_once = tuning.choose_seeds_at_once(
                platform, rule.net, batch_size, seeds_per_device, shapes
            )
        images_at_once = tuning.default_images_at_once(platform, rule.net, batch_size)
        self.layout = {
            "seeds_at_once": seeds_at_once,
            "seeds_share_devices": mesh.size,
            "images_at_once": images_at_once,
        }
        layout = seeds_at_once, images_at_once, mesh
        self.stages = compile_stages(
            rule, optimizer, vary, num_examples, batch_size, *layout, feedback_optimizer, batching
        )

    def init(self) -> TrainState:
        """The initial state of every padded seed."""
        return self.stages.init(self.keys, self.numbers)

    def shapes(self) -> TrainState:
        """Shapes and types of states after `gather`."""
        resize = lambda x: jax.ShapeDtypeStruct((self.num_seeds, *x.shape[1:]), x.dtype)
        return jax.tree.map(resize, jax.eval_shape(self.init))

    def replicate(self, data: tuple) -> tuple[Array, Array]:
        """Copies `(image, label)` to every device, each image as a row of numbers, filled up.

        A TPU pads an array's last axes to tiles: an image would take many times its size, and an
        array of shorter rows would be transposed before every use.
        """
        image, label = data
        rows = np.asarray(image).reshape(len(image), -1)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % ROW)))
        return jax.device_put((rows, label), self._everywhere)

    def shard(self, per_seed: Any) -> Any:
        """Pads arrays `[S, ...]` and shares them out over the devices."""
        padded = np.minimum(np.arange(self._num_padded), self.num_seeds - 1)
        return jax.device_put(jax.tree.map(lambda x: x[padded], per_seed), self.by_seed)

    def gather(self, per_seed: Any) -> Any:
        """The padded seeds' arrays as NumPy arrays `[S, ...]` without the padding."""
        return jax.tree.map(lambda x: np.asarray(x)[: self.num_seeds], per_seed)

    def train_epoch(
        self, states: TrainState, epoch: int, report: Callable = lambda steps: None
    ) -> tuple[TrainState, dict[str, np.ndarray]]:
        """Trains one epoch.

        Args:
            states: states of every padded seed; their buffers are overwritten.
            epoch: number of the epoch, from 1.
            report: called now and then with the number of steps just done.

        Returns:
            The new states, and `{"train_loss": [S], "train_accuracy": [S]}`, means over the
            epoch's batches as trained, by images.
        """
        plans = self.stages.plan_epoch(self.keys, epoch)
        total: dict[str, Any] = {"loss": 0.0, "accuracy": 0.0}
        stride = -(-self.steps_per_epoch // PROGRESS_UPDATES)
        for start in range(0, self.steps_per_epoch, stride):
            steps = start, min(start + stride, self.steps_per_epoch)
            states, sums = self.stages.train_steps(states, self.numbers, plans, *steps, self.data)
            sums = jax.tree.map(lambda x: x.astype(np.float64), self.gather(sums))
            total = {name: total[name] + sums[name] for name in total}
            report(steps[1] - start)
        return states, {f"train_{name}": total[name] / self._batches for name in total}

    def evaluate(self, states: TrainState, data: tuple[Array, Array]) -> np.ndarray:
        """Fractions `[S]` of `(image, label)`, as from `replicate`, that each seed gets right."""
        correct = self.stages.count_correct(states, self.numbers, data)
        return self.gather(correct) / len(data[0])

    def are_finite(self, states: TrainState) -> np.ndarray:
        """Which seeds' weights and feedback are finite, `[S]`."""
        return self.gather(self.stages.are_finite(states))

    def measure_alignment(self, states: TrainState) -> dict[str, np.ndarray]:
        """The `Alignment` of every seed on the training set's first batch.

        Returns:
            `{"gradient_angle": [S, L], "feedback_angle": [S, arrays of F], "feedback_product":
            [S, arrays of F], "weight_norm": [S, L]}`; if the rule `nears_gauss_newton`, also
            `"gauss_newton_angle": [S, L]`.
        """
        with jax.debug_nans(False):  # see `analysis.alignment`
            measured = self.stages.measure_alignment(
                states, self.numbers, self.keys, self._fixed_batch
            )
        measured = measured._asdict()
        if not measured["gauss_newton_angle"]:
            del measured["gauss_newton_angle"]  # as in older runs, which did not measure it
        stack = lambda arrays: np.array(arrays).reshape(len(arrays), self._num_padded).T
        return {name: self.gather(stack(arrays)) for name, arrays in measured.items()}

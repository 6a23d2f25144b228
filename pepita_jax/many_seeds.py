"""Many seeds at once: the one place where the seed axis exists.

`one_seed.py` is written for one seed. Here each of its functions gets a leading seed axis, laid
out by `vmap`, by `lax.map`, or by chunks of both, and is compiled once.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from pepita_jax import one_seed
from pepita_jax.errors import require, require_int

MAX_SEED = 2**32 - 1  # JAX's keys hold no more
PROGRESS_UPDATES = 20  # reports an epoch
LARGEST_PIECE = 16  # images whose patches and activities stay in a CPU's cache


def default_seeds_at_once():
    """One after another on CPU, where a seed's weights then stay in cache; all elsewhere."""
    return 1 if jax.default_backend() == "cpu" else 0


def default_pieces(net, batch_size):
    """`images_at_once` for convolutions on CPU, in equal pieces of a batch; nothing else."""
    convolutional = any(layer.num_positions > 1 for layer in net.layers)
    if not convolutional or jax.default_backend() != "cpu":
        return {}
    fitting = (k for k in range(1, LARGEST_PIECE + 1) if batch_size % k == 0)
    return {"images_at_once": max(fitting)}


def over_seeds(function, num_mapped, seeds_at_once):
    """Maps `function` over the leading axis of its first `num_mapped` arguments.

    Args:
        function: written for one seed.
        num_mapped: arguments with a seed axis; all seeds share the others.
        seeds_at_once: 0 all by vmap; 1 one after another by lax.map; k in chunks of k.
    """

    def mapped(*arguments):
        per_seed, shared = arguments[:num_mapped], arguments[num_mapped:]
        of_one = lambda seed: function(*seed, *shared)
        if seeds_at_once == 0:
            return jax.vmap(of_one)(per_seed)
        batch_size = None if seeds_at_once == 1 else seeds_at_once
        return jax.lax.map(of_one, per_seed, batch_size=batch_size)

    return mapped


def seed_keys(seed, num_seeds):
    """Keys of seeds 0 to `num_seeds` - 1 of a run, `[S]`."""
    require_int("num_seeds", num_seeds, 1)
    require_int("seed", seed, 0)
    require(seed <= MAX_SEED, f"seed must be at most {MAX_SEED}, got {seed}")
    return jax.vmap(lambda k: one_seed.seed_key(seed, k))(jnp.arange(num_seeds))


def init_states(rule, optimizer, keys):
    """The initial `TrainState` of every seed, seed axis first."""
    return jax.vmap(partial(one_seed.init_state, rule, optimizer))(keys)


class SeedTrainer:
    """Trains all seeds of one rule on one data set, a compiled program for each stage.

    Args:
        rule: learning rule, with its network.
        optimizer: any optax transformation.
        data: `(image, label)` of the training set; uint8 or float images `[N, H, W, C]`.
        batch_size: examples a step.
        keys: keys of the seeds, `[S]`.
        seeds_at_once: layout of the seed axis, see `over_seeds`; None: by backend.
    """

    def __init__(self, rule, optimizer, data, batch_size, keys, seeds_at_once=None):
        layout = default_seeds_at_once() if seeds_at_once is None else seeds_at_once
        require_int("seeds_at_once", layout, 0)
        num_examples = len(data[0])
        require_int("batch_size", batch_size, 1)
        message = f"batch_size {batch_size} is larger than the training set ({num_examples} images)"
        require(batch_size <= num_examples, message)

        self.data = jax.tree.map(jnp.asarray, data)
        self.keys = keys
        self.steps_per_epoch = num_examples // batch_size
        draw_order = partial(one_seed.draw_order, num_examples=num_examples, batch_size=batch_size)
        pieces = default_pieces(rule.net, batch_size)
        train_steps = partial(one_seed.train_steps, rule, optimizer, **pieces)
        count_correct = partial(one_seed.count_correct, rule.net, **pieces)
        self._init = jax.jit(partial(init_states, rule, optimizer))
        self._draw_order = jax.jit(jax.vmap(draw_order, in_axes=(0, None)))
        self._train_steps = jax.jit(over_seeds(train_steps, 3, layout), donate_argnums=0)
        self._count_correct = jax.jit(over_seeds(count_correct, 1, layout))
        measure_alignment = partial(one_seed.measure_alignment, rule)
        self._measure_alignment = jax.jit(over_seeds(measure_alignment, 2, layout))
        self._fixed_batch = jax.tree.map(lambda x: x[:batch_size], self.data)

    def init(self):
        """The initial `TrainState` of every seed, seed axis first."""
        return self._init(self.keys)

    def train_epoch(self, states, epoch, report=lambda steps: None):
        """Trains one epoch.

        Args:
            states: `TrainState` with a leading seed axis; its buffers are given up.
            epoch: number of the epoch, from 1.
            report: called now and then with the number of steps just done.

        Returns:
            The new states, and `{"train_loss": [S], "train_accuracy": [S]}`, means over the
            epoch's batches as trained.
        """
        order = self._draw_order(self.keys, epoch)
        total = {"loss": 0.0, "accuracy": 0.0}
        stride = -(-self.steps_per_epoch // PROGRESS_UPDATES)
        for start in range(0, self.steps_per_epoch, stride):
            stop = min(start + stride, self.steps_per_epoch)
            states, sums = self._train_steps(
                states, self.keys, order, epoch, start, stop, self.data
            )
            total = {name: total[name] + np.asarray(sums[name], np.float64) for name in total}
            report(stop - start)
        return states, {f"train_{name}": total[name] / self.steps_per_epoch for name in total}

    def evaluate(self, states, data):
        """Accuracy of every seed on `(image, label)`, `[S]` fractions."""
        return np.asarray(self._count_correct(states.params, data)) / len(data[0])

    def measure_alignment(self, states):
        """The `Alignment` of every seed on the training set's first batch.

        Returns:
            `{"gradient_angle": [S, L], "feedback_angle": [S, arrays of F], "weight_norm": [S, L]}`.
        """
        measured = self._measure_alignment(states, self.keys, self._fixed_batch)
        stack = lambda arrays: np.array(arrays).reshape(len(arrays), len(self.keys)).T
        return {name: stack(arrays) for name, arrays in measured._asdict().items()}

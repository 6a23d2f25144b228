"""Epochs of training, written for one seed and one device; `many_seeds.py` runs many side by side.

All randomness of a seed comes from its key, and all randomness of an epoch from that key and
the epoch's number, so that nothing depends on how many seeds run or on where training began.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from optax import GradientTransformation

from pepita_jax.analysis import Alignment, alignment
from pepita_jax.data.images import to_float
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule
from pepita_jax.training.augment import Augment
from pepita_jax.training.one_step import train_step
from pepita_jax.types import Batch, Feedback, TrainState, Weights


def seed_key(seed: Array | int, k: Array | int) -> Array:
    """The key of seed number `k` of a run: it depends on `seed` and `k` alone.

    It is folded from `jax.random.key(seed)` as JAX makes it by default, whatever is set otherwise.
    """
    words = jnp.array([0, seed], jnp.uint32)
    return jax.random.fold_in(jax.random.wrap_key_data(words, impl="threefry2x32"), k)


class Batching(NamedTuple):
    """How the batches of an epoch are made.

    Attributes:
        shuffle: whether each epoch has a random order of its own; otherwise the order is the stored
            one.
        drop_last: whether the last batch is dropped if it is incomplete.
        augment: changes the images of a batch; None: nothing does.
    """

    shuffle: bool = True
    drop_last: bool = True
    augment: Augment | None = None

    def steps_per_epoch(self, num_examples: int, batch_size: int) -> int:
        """The number of batches of an epoch."""
        return num_examples // batch_size if self.drop_last else -(-num_examples // batch_size)


class Plan(NamedTuple):
    """What is drawn for one epoch.

    Attributes:
        order: the examples of whole batches, `[steps, B]`.
        key: key of its steps' dropout and noise.
        augment_key: key of its steps' augmentation; None without augmentation.
        last: the examples of the last, incomplete batch; None if there is none, or if it is
            dropped.
    """

    order: Array
    key: Array
    augment_key: Array | None = None
    last: Array | None = None


def plan_epoch(
    key: Array,
    epoch: Array | int,
    num_examples: int,
    batch_size: int,
    batching: Batching = Batching(),  # noqa: B008  it never changes
) -> Plan:
    """The `Plan` of an epoch of the seed with this key."""
    epoch_key = jax.random.fold_in(jax.random.fold_in(key, 2), epoch)
    steps = num_examples // batch_size
    if batching.shuffle:
        order = jax.random.permutation(jax.random.fold_in(epoch_key, 0), num_examples)
    else:
        order = jnp.arange(num_examples)
    last = order[steps * batch_size :]
    order = order[: steps * batch_size].reshape(steps, batch_size)
    return Plan(
        order,
        jax.random.fold_in(epoch_key, 1),
        jax.random.fold_in(epoch_key, 2) if batching.augment else None,
        last if len(last) and not batching.drop_last else None,
    )


def train_steps(
    rule: Rule,
    optimizer: GradientTransformation,
    state: TrainState,
    plan: Plan,
    start: Array | int,
    stop: Array | int,
    data: tuple[Array, Array],
    images_at_once: int | None = None,
    feedback_optimizer: GradientTransformation | None = None,
    augment: Augment | None = None,
) -> tuple[TrainState, dict[str, Array]]:
    """Trains steps `start` to `stop` of an epoch.

    Weights that are not finite stay so, by the steps' own arithmetic.

    Args:
        rule, optimizer: see `train_step`.
        state: the `TrainState` before.
        plan: the plan of the epoch, from `plan_epoch`.
        start, stop: range of steps; traced, so that any range shares one compiled program.
        data: `(image, label)` of the whole training set; an image may be a row of numbers.
        images_at_once: size of the pieces of a batch, see `train_step`. The incomplete batch is
            taken whole.
        feedback_optimizer: see `train_step`.
        augment: changes the images; None: nothing does.

    Returns:
        The new state, and `loss` and `accuracy` summed over batches. An incomplete batch adds
        its share of a whole batch.
    """
    image, label = data
    num_whole, batch_size = plan.order.shape

    def train_on(chosen, i, state, images_at_once):
        key = jax.random.fold_in(plan.key, i)
        image_batch = as_input(rule.net, image[chosen])
        if augment and plan.augment_key is not None:
            image_batch = augment(image_batch, jax.random.fold_in(plan.augment_key, i))
        batch = Batch(image_batch, label[chosen], key)
        return train_step(rule, optimizer, state, batch, images_at_once, feedback_optimizer)

    def step(i, carry):
        state, sums = carry
        state, aux = train_on(plan.order[i], i, state, images_at_once)
        return state, {name: sums[name] + aux[name] for name in sums}

    def last_step(chosen, carry):
        state, sums = carry
        state, aux = train_on(chosen, num_whole, state, None)
        share = len(chosen) / batch_size
        return state, {name: sums[name] + share * aux[name] for name in sums}

    carry = state, {"loss": jnp.zeros(()), "accuracy": jnp.zeros(())}
    if plan.last is None:
        return jax.lax.fori_loop(start, stop, step, carry)
    carry = jax.lax.fori_loop(start, jnp.minimum(stop, num_whole), step, carry)
    last = partial(last_step, plan.last)
    return jax.lax.cond(stop > num_whole, last, lambda carry: carry, carry)


def is_finite(state: TrainState) -> Array:
    """Whether all weights and feedback of a state are finite."""
    arrays = jax.tree.leaves((state.params, state.feedback))
    return jnp.array([jnp.isfinite(x).all() for x in arrays]).all()


def count_correct(
    rule: Rule, params: Weights, F: Feedback, data: tuple[Array, Array], images_at_once: int
) -> Array:
    """The number of images that `rule.scores` classifies correctly; no dropout."""
    image, label = data

    def is_correct(example):
        image, label = as_input(rule.net, example[0][None]), example[1][None]
        return rule.net.is_correct(rule.scores(params, F, image), label)[0]

    # `lax.map` in batches needs no special case for an incomplete last batch.
    return jax.lax.map(is_correct, (image, label), batch_size=images_at_once).sum()


def measure_alignment(
    rule: Rule, state: TrainState, key: Array, data: tuple[Array, Array]
) -> Alignment:
    """The `Alignment` on `(image, label)` as one batch: no dropout, the same noise each time."""
    image, label = data
    batch = Batch(as_input(rule.net, image), label, jax.random.fold_in(key, 3))
    return alignment(rule.net.without_dropout(), rule, state.params, state.feedback, batch)


def as_input(net: Network, image: Array) -> Array:
    """Images or rows, `[B, ...]`, as the network sees them: `[B, H, W, C]`, see `to_float`."""
    size = math.prod(net.input_shape)
    rows = image.reshape(len(image), -1)[:, :size]
    return to_float(rows).reshape(len(image), *net.input_shape)

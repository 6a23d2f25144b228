"""The loop over epochs, and training from a notebook."""

import time
from typing import Any, NamedTuple

import jax
import numpy as np

from pepita_jax.data.images import usable_images
from pepita_jax.errors import UserError, require, require_int
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import require_network
from pepita_jax.rules import Rule
from pepita_jax.training import one_seed
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.progress import Progress
from pepita_jax.training.recipe import Fixed


class Epoch(NamedTuple):
    """What one epoch left.

    Attributes:
        number: from 1.
        states: `TrainState` of every lane of the trainer; the next epoch overwrites its buffers.
        metrics: `{name: [S]}`: `train_loss`, `train_accuracy`, and one accuracy a split; NaN for
            seeds that have diverged.
        diverged: seeds (their places along S) whose weights became non-finite in this epoch.
        seconds: wall time, all seeds together, evaluation included.
    """

    number: int
    states: Any
    metrics: dict[str, np.ndarray]
    diverged: list[int]
    seconds: float


class Result(NamedTuple):
    """A finished training; every array has the seed axis first.

    Attributes:
        params: tuple of weights, `[S, *shape]` each, NumPy arrays.
        feedback: the rule's feedback.
        history: `{name: [S, num_epochs]}`.
    """

    params: Any
    feedback: Any
    history: dict[str, np.ndarray]

    def __repr__(self):
        num_seeds, num_epochs = self.history["test_accuracy"].shape
        return f"Result({num_seeds} seeds, {num_epochs} epochs)"


def epochs(trainer, states, splits, first, last, report=lambda steps: None):
    """Trains epochs `first` to `last` (from 1) and yields an `Epoch` after each.

    A seed whose weights become non-finite has no metrics from that epoch on; without any other
    seed this is the end.

    Args:
        trainer: a `SeedTrainer`.
        states: where to start, of the trainer's lanes; given up.
        splits: `{name: (image, label)}` to evaluate on after every epoch.
        first, last: numbers of the first and the last epoch.
        report: called now and then with the number of steps just done.
    """
    splits = {name: trainer.replicate(data) for name, data in splits.items()}
    # Those that are not finite from the start diverge in the first epoch, for all to see.
    finite = np.ones(trainer.num_seeds, bool) if first == 1 else trainer.are_finite(states)
    for number in range(first, last + 1):
        if not finite.any():
            return
        start = time.perf_counter()
        states, metrics = trainer.train_epoch(states, number, report)
        for name, data in splits.items():
            metrics[f"{name}_accuracy"] = trainer.evaluate(states, data)
        was_finite, finite = finite, finite & trainer.are_finite(states)
        metrics = {name: np.where(finite, values, np.nan) for name, values in metrics.items()}
        diverged = np.flatnonzero(was_finite & ~finite).tolist()
        yield Epoch(number, states, metrics, diverged, time.perf_counter() - start)


@fixed_settings()
def train(
    net,
    rule,
    optimizer,
    *,
    train,
    test,
    num_seeds=10,
    num_epochs=5,
    batch_size=64,
    seed=0,
    seeds_at_once=None,
    progress=True,
):
    """Trains a network on one's own arrays, all seeds at once.

    Args:
        net: from `build_network`.
        rule: from `build_rule`, on the same network.
        optimizer: any optax transformation; it descends the rule's pseudo-gradients. If its state
            holds random keys, as that of `optax.noisy_sgd`, each seed gets keys of its own.
        train, test: `(image, label)`; images `[N, H, W, C]`, float in [0, 1] or standardised, or
            uint8 in 0...255; labels int `[N]`.
        num_seeds: independent runs; seed k depends on (`seed`, k) alone.
        num_epochs: passes over the training set.
        batch_size: images a step; the last incomplete batch of an epoch is dropped.
        seed: root of all randomness.
        seeds_at_once: layout of the seed axis, see `layouts.over_seeds`; None: by device.
        progress: whether to show a progress bar, or a line an epoch outside a terminal.

    Returns:
        A `Result` with history `train_loss`, `train_accuracy` and `test_accuracy`; NaN from the
        epoch on in which a seed's weights become non-finite. Without any other seed it ends there.

    Raises:
        UserError: sizes do not fit, a number is out of range, images hold NaN or look unscaled, or
            an argument is not of its kind.
    """
    require_int("num_epochs", num_epochs, 1)
    _check_kinds(net, rule, optimizer)
    train, test = _check_data(net, "train", train), _check_data(net, "test", test)
    recipe, keys = Fixed(rule, optimizer), seed_keys(seed, num_seeds)
    trainer = SeedTrainer(recipe, train, batch_size, keys, seeds_at_once)
    history = []
    with Progress(num_epochs, trainer.steps_per_epoch, shown=progress) as bar:
        for epoch in epochs(trainer, trainer.init(), {"test": test}, 1, num_epochs, bar.advance):
            bar.finish_epoch(epoch)
            history.append(epoch.metrics)
    stacked = {name: np.stack([m[name] for m in history], axis=1) for name in history[0]}
    params, feedback = trainer.gather((epoch.states.params, epoch.states.feedback))
    return Result(params, feedback, stacked)


def _check_kinds(net, rule, optimizer):
    require_network(net)
    is_rule = isinstance(rule, Rule)
    require(is_rule, f"rule must be a rule, as from pj.build_rule(name, net), got {rule!r}")
    require(rule.net == net, "the rule was built for another network")
    is_optimizer = hasattr(optimizer, "init") and hasattr(optimizer, "update")
    message = f"optimizer must be one of optax's, such as optax.sgd(0.1), got {optimizer!r}"
    require(is_optimizer, message)

    def update(params):
        return one_seed.descend(optimizer, params, optimizer.init(params), params)

    try:
        jax.eval_shape(update, jax.eval_shape(net.init, jax.random.key(0)))
    # Such as lbfgs, which wants the loss as well, or one for other weights.
    except (AssertionError, TypeError, ValueError) as error:
        message = f"optimizer cannot be used with pseudo-gradients and weights alone: {error}"
        raise UserError(message) from error


def _check_data(net, split, data):
    is_pair = isinstance(data, (tuple, list)) and len(data) == 2
    require(is_pair, f"{split} must be a pair (image, label)")
    try:
        image, label = (np.asarray(x) for x in data)
    except ValueError as error:  # lists of different lengths
        raise UserError(f"{split} images and labels must be arrays: {error}") from error
    image = usable_images(split, image, net.input_shape)
    message = f"{split} labels have shape {label.shape}: give one class number an image"
    require(label.ndim == 1, message)
    message = f"{split} has {len(image)} images and {len(label)} labels"
    require(len(image) == len(label) > 0, message)
    message = f"{split} labels must be integers in 0...{net.num_classes - 1}"
    require(np.issubdtype(label.dtype, np.integer), f"{message}, got {label.dtype}")
    low, high = label.min(), label.max()
    require(0 <= low and high < net.num_classes, f"{message}, got {low} to {high}")
    return image, label.astype(np.int32)

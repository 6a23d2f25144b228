"""The loop over epochs, and training from a notebook."""

import time
from typing import Any, NamedTuple

import numpy as np

from pepita_jax.errors import require, require_int
from pepita_jax.many_seeds import SeedTrainer, seed_keys
from pepita_jax.progress import Progress
from pepita_jax.recipe import Fixed


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
        optimizer: any optax transformation; it descends the rule's pseudo-gradients.
        train, test: `(image, label)`; images `[N, H, W, C]`, float in [0, 1] or uint8 in
            0...255, labels int `[N]`.
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
        UserError: sizes do not fit, or a number is out of range.
    """
    require_int("num_epochs", num_epochs, 1)
    require(rule.net == net, "the rule was built for another network")
    train, test = _check_data(net, "train", train), _check_data(net, "test", test)
    recipe, keys = Fixed(rule, optimizer), seed_keys(seed, num_seeds)
    trainer = SeedTrainer(recipe, train, batch_size, keys, seeds_at_once)
    history = []
    with Progress(num_epochs, trainer.steps_per_epoch, shown=progress) as bar:
        for epoch in epochs(trainer, trainer.init(), {"test": test}, 1, num_epochs, bar.advance):
            bar.finish_epoch(epoch)
            history.append(epoch.metrics)
    stacked = {name: np.stack([m[name] for m in history], axis=1) for name in history[0]}
    states = trainer.collect(epoch.states)
    return Result(states.params, states.feedback, stacked)


def _check_data(net, split, data):
    image, label = (np.asarray(x) for x in data)
    found, expected = image.shape[1:], net.input_shape
    require(found == expected, f"{split} images have shape {found}, the network takes {expected}")
    message = f"{split} has {len(image)} images and labels of shape {label.shape}"
    require(len(image) == label.size > 0 and label.ndim == 1, message)
    is_image = image.dtype == np.uint8 or np.issubdtype(image.dtype, np.floating)
    require(is_image, f"{split} images must be uint8 or floats, got {image.dtype}")
    is_label = np.issubdtype(label.dtype, np.integer)
    in_range = is_label and label.min() >= 0 and label.max() < net.num_classes
    require(in_range, f"{split} labels must be integers in 0...{net.num_classes - 1}")
    image = image if image.dtype == np.uint8 else image.astype(np.float32)
    return image, label.astype(np.int32)

"""The loop over epochs."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from pepita_jax.training.many_seeds import SeedTrainer
from pepita_jax.types import TrainState


class Epoch(NamedTuple):
    """The result of one epoch.

    Attributes:
        number: number of the epoch, from 1.
        states: `TrainState` of every padded seed; the next epoch overwrites its buffers.
        metrics: `{name: [S]}`: `train_loss`, `train_accuracy`, and one accuracy per split; NaN for
            seeds that have diverged.
        diverged: seeds (their places along S) whose weights became non-finite in this epoch.
        seconds: wall time of all seeds together, evaluation included.
    """

    number: int
    states: TrainState
    metrics: dict[str, np.ndarray]
    diverged: list[int]
    seconds: float


def epochs(
    trainer: SeedTrainer,
    states: TrainState,
    splits: dict[str, tuple],
    first: int,
    last: int,
    report: Callable[[int], None] = lambda steps: None,
) -> Iterator[Epoch]:
    """Trains epochs `first` to `last` (from 1) and yields an `Epoch` after each.

    A seed whose weights become non-finite has no metrics from that epoch on. Training ends when
    no seed is left.

    Args:
        trainer: a `SeedTrainer`.
        states: states of the trainer's padded seeds, to start from; their buffers are overwritten.
        splits: `{name: (image, label)}` to evaluate on after every epoch.
        first, last: numbers of the first and the last epoch.
        report: called now and then with the number of steps just done.
    """
    splits = {name: trainer.replicate(data) for name, data in splits.items()}
    # Seeds that are not finite from the start are reported as diverged in the first epoch.
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

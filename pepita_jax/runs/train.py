"""Training from a script or a notebook: `pj.train`."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from pepita_jax.data import Dataset
from pepita_jax.errors import DivergedError, require, require_int
from pepita_jax.files import user_path
from pepita_jax.history import History
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule
from pepita_jax.runs.load import load_run
from pepita_jax.runs.rows import to_history
from pepita_jax.runs.run import run
from pepita_jax.runs.same_run import SWEEP_FILE
from pepita_jax.runs.script import ScriptExperiment
from pepita_jax.training.arguments import (
    check_augment,
    check_objects,
    check_switches,
    usable_split,
)
from pepita_jax.training.augment import Augment
from pepita_jax.training.loop import epochs
from pepita_jax.training.one_seed import Batching
from pepita_jax.training.progress import Progress
from pepita_jax.words import counted


class Result(NamedTuple):
    """The result of a training, finished or up to an epoch. Arrays have a leading seed axis.

    Attributes:
        params: tuple of weights, `[S, *shape]` each, NumPy arrays.
        feedback: the rule's feedback, `[S, *shape]` each.
        history: `{name: [S, num_epochs]}`.
    """

    params: Any
    feedback: Any
    history: History

    def __repr__(self) -> str:
        seeds, epochs = len(self.history.seeds), self.history.num_epochs
        return f"Result({counted(seeds, 'seed')}, {counted(epochs, 'epoch')})"


@fixed_settings()
def train(
    net: Network,
    rule: Rule,
    optimizer: optax.GradientTransformation,
    *,
    train: tuple,
    test: tuple,
    validation: tuple | None = None,
    num_seeds: int = 10,
    num_epochs: int = 5,
    batch_size: int = 64,
    seed: int = 0,
    seeds_at_once: int | None = None,
    progress: bool = True,
    callback: Callable[[Result], bool | None] | None = None,
    workdir: Any = None,
    checkpoint_every: int = 1,
    log_alignment: bool = True,
    feedback_optimizer: optax.GradientTransformation | None = None,
    shuffle: bool = True,
    drop_last: bool = True,
    augment: Augment | None = None,
) -> Result:
    """Trains a network on your own arrays, all seeds at once.

    For your own training loop, use `pj.init_state` and `pj.train_step`.

    >>> import optax
    >>> import pepita_jax as pj
    >>> digits = pj.load_dataset("digits")
    >>> net = pj.mlp((8, 8, 1), 10, hidden=(32,))
    >>> result = pj.train(net, pj.Pepita(net), optax.sgd(0.1, momentum=0.9), train=digits.train,
    ...                   test=digits.test, num_seeds=2, num_epochs=3, progress=False)
    >>> result
    Result(2 seeds, 3 epochs)
    >>> result.history["test_accuracy"].shape
    (2, 3)

    With `workdir=DIR` this is a run like those of `python -m experiments.train`: DIR holds
    checkpoints, figures, alignment, a summary and plots. The same call resumes it, bit for bit, and
    may raise `num_epochs` or `num_seeds`; a call that would make it another run is refused.
    `pj.load_run(DIR)` reads it. Changes in functions that your own rule calls, or in an optimizer's
    later schedule, are not noticed: use a new folder for them.

    Args:
        net: from `pj.mlp`, `pj.conv`, `pj.chain` or `build_network`.
        rule: from `build_rule`, on the same network.
        optimizer: any optax transformation; it descends the rule's pseudo-gradients. If its state
            holds random keys, as `optax.noisy_sgd`'s does, each seed gets its own keys, and there
            can be no `workdir`.
        train: `(image, label)`; images `[N, H, W, C]`, float in [0, 1] or standardized, or
            uint8 in 0...255; labels int `[N]`. Floats above 10 need others below 0.
        test: the same, to evaluate on after each epoch.
        validation: another split to evaluate on after each epoch.
        num_seeds: independent runs; seed k depends on (`seed`, k) alone.
        num_epochs: passes over the training set.
        batch_size: images per step.
        seed: root of all randomness.
        seeds_at_once: layout of the seed axis, see `seed_axis.over_seeds`; None: by device.
        progress: whether to show a progress bar, or a line per epoch outside a terminal.
        callback: called after each epoch, once that is saved, with the `Result` so far. If it
            returns True, that epoch is the last. An exception in it ends training; saved epochs
            stay. A resumed run first calls it with what was saved. Seeds added to a workdir
            are trained and shown by themselves, and end at the first seeds' last epoch.
        workdir: folder of the run; without it, nothing is written.
        checkpoint_every: epochs between checkpoints; the last epoch always has one.
        log_alignment: whether to log `pj.analysis.alignment` on one fixed training batch, before
            training and after each epoch, in the workdir.
        feedback_optimizer: for a rule whose feedback learns; None: as for the weights.
        shuffle: whether each epoch has its own order; otherwise it is the order of `train`.
        drop_last: whether an epoch's last batch is dropped if it is incomplete.
        augment: flips and crops of the training images, drawn anew in each epoch.

    Returns:
        A `Result` with history `train_loss`, `train_accuracy`, `test_accuracy`, and
        `validation_accuracy` if there is such a split; with a workdir also `learning_rate` (NaN if
        the optimizer's state does not hold it) and `seconds`. A seed's figures are NaN from the
        epoch in which its weights become non-finite. Training ends when no seed is left.

    Raises:
        UserError: sizes do not fit, a number is out of range, images hold NaN or look unscaled, or
            an argument is of the wrong kind; or the workdir holds another run, is in use, or cannot
            be written.
    """
    for name, number in (("num_epochs", num_epochs), ("checkpoint_every", checkpoint_every)):
        require_int(name, number, 1)
    require(callback is None or callable(callback), f"callback must be callable, got {callback!r}")
    check_objects(net, rule, optimizer, feedback_optimizer)
    check_switches(shuffle=shuffle, drop_last=drop_last, log_alignment=log_alignment)
    check_augment(net, augment)
    given = {"train": train, "test": test}
    given |= {} if validation is None else {"validation": validation}
    splits = {split: usable_split(net, split, data) for split, data in given.items()}
    numbers = {
        "seed": seed,
        "num_seeds": num_seeds,
        "num_epochs": num_epochs,
        "batch_size": batch_size,
        "seeds_at_once": seeds_at_once,
        "checkpoint_every": checkpoint_every,
        "log_alignment": log_alignment,
    }
    batching = Batching(shuffle, drop_last, augment)
    objects = rule, optimizer, feedback_optimizer, Dataset(**splits), batching
    experiment = ScriptExperiment.make(numbers, *objects)
    if workdir is None:
        return _in_memory(experiment, callback, progress)
    return _in_workdir(experiment.described(), workdir, callback, progress)


def _in_memory(experiment, callback, progress):
    seeds, num_epochs = range(len(experiment.keys)), experiment.config["num_epochs"]
    trainer, history = experiment.trainer(seeds), []
    with Progress(num_epochs, trainer.steps_per_epoch, shown=progress) as bar:
        todo = trainer.init(), experiment.splits, 1, num_epochs
        for epoch in epochs(trainer, *todo, bar.advance):
            bar.finish_epoch(epoch)
            history.append(epoch.metrics)
            if _is_enough(callback, trainer, epoch.states, lambda: History.stack(history, seeds)):
                break
    params, feedback = trainer.gather((epoch.states.params, epoch.states.feedback))
    return Result(params, feedback, History.stack(history, seeds))


def _in_workdir(experiment, workdir, callback, progress):
    def is_enough(trainer, states, group):
        last = group.rows["metrics"][-1]["epoch"]
        history = lambda: to_history(group.rows["metrics"], group.seeds, range(1, last + 1))
        return _is_enough(callback, trainer, states, history)

    path, build = user_path(workdir), lambda config: experiment
    require(not (path / SWEEP_FILE).exists(), f"{path} holds a sweep: use another workdir")
    with suppress(DivergedError):  # the result shows it
        run(experiment.config, path, build=build, is_enough=is_enough, progress=progress)
    done = load_run(path, rule=experiment.rule)
    trained = np.isfinite(done.history["seconds"]).any(0).sum()
    return Result(done.params, done.feedback, done.history.until(int(trained)))


def _is_enough(callback, trainer, states, history):
    """Whether the callback ends the training; it gets copies, for training goes on in place."""
    if callback is None:
        return False
    weights = jax.tree.map(np.copy, trainer.gather((states.params, states.feedback)))
    answer = callback(Result(*weights, history()))
    is_answer = answer is None or (np.ndim(answer) == 0 and np.asarray(answer).dtype == bool)
    require(is_answer, f"callback must return True to end the training, or None, got {answer!r}")
    return bool(answer)

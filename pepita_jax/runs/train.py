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
from pepita_jax.runs.script import ScriptExperiment, script_config
from pepita_jax.training.arguments import check_objects, usable_split
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.progress import Progress


class Result(NamedTuple):
    """A training, finished or up to an epoch; every array has the seed axis first.

    Attributes:
        params: tuple of weights, `[S, *shape]` each, NumPy arrays.
        feedback: the rule's feedback.
        history: `{name: [S, num_epochs]}`.
    """

    params: Any
    feedback: Any
    history: History

    def __repr__(self) -> str:
        return f"Result({len(self.history.seeds)} seeds, {self.history.num_epochs} epochs)"


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
) -> Result:
    """Trains a network on one's own arrays, all seeds at once.

    For a loop of one's own there are `pj.init_state` and `pj.train_step`.

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

    With `workdir=DIR` this is a run, as of `python -m experiments.train`: DIR holds a checkpoint
    per epoch, figures, alignment, a summary and plots. The same call goes on where it stopped, to
    the same bits, or with a larger `num_epochs` or `num_seeds`; one that would make it another run
    is refused. `pj.load_run(DIR)` reads it. Nothing tells whether the code of a rule of one's own,
    or an optimizer's later schedule, has changed: take a new folder then.

    Args:
        net: from `build_network`.
        rule: from `build_rule`, on the same network.
        optimizer: any optax transformation; it descends the rule's pseudo-gradients. If its state
            holds random keys, as that of `optax.noisy_sgd`, each seed gets keys of its own; such a
            state cannot be saved.
        train, test: `(image, label)`; images `[N, H, W, C]`, float in [0, 1] or standardised, or
            uint8 in 0...255; labels int `[N]`.
        validation: another split to evaluate on after each epoch.
        num_seeds: independent runs; seed k depends on (`seed`, k) alone.
        num_epochs: passes over the training set.
        batch_size: images per step; the last incomplete batch of an epoch is dropped.
        seed: root of all randomness.
        seeds_at_once: layout of the seed axis, see `seed_axis.over_seeds`; None: by device.
        progress: whether to show a progress bar, or a line per epoch outside a terminal.
        callback: called after each epoch, when it has been saved, with the `Result` so far. If it
            returns True, that epoch is the last. Its exceptions end the training; what has been
            saved stays. When a run goes on, it is first called with what was saved. Seeds that were
            added to a workdir are trained, and shown to it, by themselves, and end with the first.
        workdir: folder of the run; without it, nothing is written.
        checkpoint_every: epochs between checkpoints; the last epoch always has one.
        log_alignment: whether to log `pj.analysis.alignment` on one fixed training batch, before
            training and after each epoch, in the workdir.

    Returns:
        A `Result` with history `train_loss`, `train_accuracy`, `test_accuracy`, and
        `validation_accuracy` if there is such a split; with a workdir also `learning_rate` (NaN if
        the optimizer's state does not hold it) and `seconds`. All are NaN from the epoch on in
        which a seed's weights become non-finite. Without any other seed it ends there.

    Raises:
        UserError: sizes do not fit, a number is out of range, images hold NaN or look unscaled, or
            an argument is not of its kind; or the workdir holds another run, is in use, or cannot
            be written.
    """
    for name, number in (("num_epochs", num_epochs), ("checkpoint_every", checkpoint_every)):
        require_int(name, number, 1)
    require(callback is None or callable(callback), f"callback must be callable, got {callback!r}")
    check_objects(net, rule, optimizer)
    given = {"train": train, "test": test, "validation": validation}
    splits = {s: usable_split(net, s, data) for s, data in given.items() if data is not None}
    data, keys = Dataset(**splits), seed_keys(seed, num_seeds)
    if workdir is None:
        trainer = SeedTrainer(rule, optimizer, data.train, batch_size, keys, seeds_at_once)
        return _in_memory(trainer, data.eval_splits, num_epochs, callback, progress)
    numbers = {
        "seed": seed,
        "num_seeds": num_seeds,
        "num_epochs": num_epochs,
        "batch_size": batch_size,
        "seeds_at_once": seeds_at_once,
        "checkpoint_every": checkpoint_every,
        "log_alignment": log_alignment,
    }
    config = script_config(rule, optimizer, data, numbers)
    experiment = ScriptExperiment.make(config, rule, optimizer, data)
    return _in_workdir(experiment, workdir, callback, progress)


def _in_memory(trainer, splits, num_epochs, callback, progress):
    seeds, history = range(trainer.num_seeds), []
    with Progress(num_epochs, trainer.steps_per_epoch, shown=progress) as bar:
        for epoch in epochs(trainer, trainer.init(), splits, 1, num_epochs, bar.advance):
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
    with suppress(DivergedError):  # the result tells
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

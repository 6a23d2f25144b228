"""A whole run: from a configuration to a workdir full of results.

What is missing in the workdir is trained, epoch by epoch, each saved before the next.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax

from pepita_jax.errors import DivergedError, StoppedError
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.runs.experiment import Experiment, build_experiment
from pepita_jax.runs.identity import with_data
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.summary import write_summary_and_plots
from pepita_jax.runs.tensorboard import tensorboard
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.loop import Epoch, epochs
from pepita_jax.training.many_seeds import SeedTrainer
from pepita_jax.training.progress import Progress
from pepita_jax.types import TrainState


def run(
    config: dict,
    path: Any,
    should_stop: Callable[[], bool] = lambda: False,
    seeds: range | None = None,
    build: Callable[[dict], Experiment] = build_experiment,
    is_enough: Callable[[SeedTrainer, TrainState, SeedGroup], bool] = lambda *_: False,
    progress: bool = True,
) -> dict | None:
    """Trains all seeds of a configuration in a workdir, or goes on where it stopped.

    Seeds beyond those that the workdir holds are trained by themselves.

    Args:
        config: nested plain dict with the fields of `configs/default.py`.
        path: the workdir.
        should_stop: asked before and after each epoch.
        seeds: a range, to leave the others to other processes at the same time, on any machine
            that sees the workdir.
        build: makes the `Experiment` of the configuration.
        is_enough: asked after each epoch, once all that is due is written, and before training
            goes on from a checkpoint. True for the first seed group ends the run there.
        progress: whether to show how far it is.

    Returns:
        The summary, as in `summary.json`; None while seeds are left to others, and for an
        experiment that has no summary.

    Raises:
        UserError: the configuration, the data or the workdir is not valid, and no result is
            touched; or something cannot be written, and what was saved before is kept.
        StoppedError: `should_stop` said so; all finished epochs are saved.
        DivergedError: no seed is left; all is saved.
    """
    config = with_data(config)
    experiment, workdir = build(config), Workdir(path)
    default = jax.config.jax_default_matmul_precision  # ty: ignore[missing-attribute]  made by JAX
    precision = config["matmul_precision"] or default
    write_events = tensorboard(workdir.path, config["tensorboard"])
    with (
        workdir.hold(config, seeds) as groups,
        fixed_settings(),
        jax.default_matmul_precision(precision),
    ):
        write_events([row for group in groups for row in group.rows["metrics"]])
        for group in groups:
            with _progress(experiment, group, progress) as bar:
                if group.is_done(experiment.config["num_epochs"]):
                    continue
                _stop_if(should_stop(), group, experiment.config)
                for reached in _train(experiment, workdir, group, bar, should_stop, write_events):
                    if is_enough(*reached, group) and group is groups[0]:
                        experiment = _end(experiment, workdir, group, *reached)
                        break
        write = write_summary_and_plots if experiment.summarized else lambda *_: None
        summary = workdir.write_results(write)
    _require_a_seed_left(summary, config)
    return summary


def _train(
    experiment: Experiment,
    workdir: Workdir,
    group: SeedGroup,
    bar: Progress,
    should_stop: Callable[[], bool],
    write_events: Callable[[list[dict]], None],
) -> Iterator[tuple[SeedTrainer, TrainState]]:
    """Trains a seed group; yields before it goes on from a checkpoint, and after each epoch."""
    trainer, states = _begin(experiment, workdir, group)
    if group.epoch:
        yield trainer, states
    config = experiment.config
    todo = _epochs_done(experiment, group) + 1, config["num_epochs"]
    for epoch in epochs(trainer, states, experiment.splits, *todo, bar.advance):
        stop = should_stop()
        write_events(_finish_epoch(experiment, workdir, group, trainer, epoch, stop))
        bar.finish_epoch(epoch, experiment.learning_rate(epoch))
        yield trainer, epoch.states
        _stop_if(stop and not group.is_done(config["num_epochs"]), group, config)


def _end(
    experiment: Experiment,
    workdir: Workdir,
    group: SeedGroup,
    trainer: SeedTrainer,
    states: TrainState,
) -> Experiment:
    """Makes the run one of as many epochs as a group has now; returns its `Experiment`."""
    shortened = {"num_epochs": group.rows["metrics"][-1]["epoch"]}
    workdir.record(shortened)
    if group.epoch < shortened["num_epochs"] or not shortened.items() <= group.config.items():
        workdir.save(group, shortened["num_epochs"], trainer.gather(states))
    return replace(experiment, config=experiment.config | shortened)


def _begin(experiment: Experiment, workdir: Workdir, group: SeedGroup) -> tuple[SeedTrainer, Any]:
    """The trainer of a seed group, and the states from which it goes on."""
    trainer = experiment.trainer(group.seeds)
    workdir.begin(trainer.layout)
    if group.epoch:
        return trainer, trainer.shard(group.restore(trainer.shapes()))
    if experiment.before:
        return trainer, experiment.before.states(workdir.path, trainer)
    states = trainer.init()
    if experiment.config["log_alignment"]:
        workdir.log(group, "alignment", 0, trainer.measure_alignment(states))
    return trainer, states


def _finish_epoch(
    experiment: Experiment,
    workdir: Workdir,
    group: SeedGroup,
    trainer: SeedTrainer,
    epoch: Epoch,
    stop: bool,
) -> list[dict]:
    """Logs what an epoch left, and saves it if it is time to; returns the rows of its metrics."""
    config, learning_rate = experiment.config, experiment.learning_rate(epoch)
    figures = {
        "learning_rate": learning_rate if learning_rate.ndim else float(learning_rate),
        "seconds": round(epoch.seconds, 3),
    }
    rows = workdir.log(group, "metrics", epoch.number, epoch.metrics | figures)
    if config["log_alignment"]:
        workdir.log(group, "alignment", epoch.number, trainer.measure_alignment(epoch.states))
    is_last = epoch.number == config["num_epochs"] or group.has_diverged
    if stop or is_last or epoch.number % config["checkpoint_every"] == 0:
        workdir.save(group, epoch.number, trainer.gather(epoch.states))
    return rows


def _epochs_done(experiment, group):
    return max(group.epoch, experiment.before.epoch if experiment.before else 0)


def _progress(experiment, group, shown):
    """The progress bar of a seed group, which begins with what has been done."""
    names = experiment.names[group.seeds.start : group.seeds.stop]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    some = f", {span}" if len(names) < len(experiment.names) else ""
    num_epochs = experiment.config["num_epochs"]
    done = num_epochs if group.has_diverged else _epochs_done(experiment, group)
    label, compared = experiment.label + some, experiment.numbers is not None
    steps = experiment.steps_per_epoch
    bar = Progress(num_epochs, steps, done, shown, label, names, best=compared)
    for epoch in group.checkpoints.damaged:
        bar.say(f"the checkpoint of epoch {epoch} is damaged; going on from epoch {group.epoch}")
    return bar


def _stop_if(wanted, group, config):
    if wanted:
        done = f"stopped after epoch {group.epoch} of {config['num_epochs']}"
        raise StoppedError(f"{done}; repeat the command to resume")


def _require_a_seed_left(summary, config):
    if summary and len(summary["diverged"]) == summary["num_seeds"]:
        epoch = max(seed["epoch"] for seed in summary["diverged"])
        learning_rate = config["optimizer"].get("learning_rate")
        message = f"all {summary['num_seeds']} seeds have diverged, the last in epoch {epoch}"
        why = f"their weights are not finite (learning rate {learning_rate or 'not known'})"
        raise DivergedError(f"{message}: {why}")

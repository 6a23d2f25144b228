"""Trains one seed group of a run; each epoch is logged before the next begins."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pepita_jax.errors import StoppedError
from pepita_jax.runs.experiment import Experiment
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.loop import Epoch, epochs
from pepita_jax.training.many_seeds import SeedTrainer
from pepita_jax.training.progress import Progress
from pepita_jax.types import TrainState


def train_group(
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
        stop_if(stop and not group.is_done(config["num_epochs"]), group, config)


def end_here(
    experiment: Experiment,
    workdir: Workdir,
    group: SeedGroup,
    trainer: SeedTrainer,
    states: TrainState,
) -> Experiment:
    """Ends the run at the epoch that a group has reached; returns its shortened `Experiment`."""
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
    """Logs an epoch's figures, saves a checkpoint if one is due, returns the rows of metrics."""
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


def show_progress(experiment: Experiment, group: SeedGroup, shown: bool) -> Progress:
    """The progress bar of a seed group, which begins with the epochs that are done."""
    names = experiment.names[group.seeds.start : group.seeds.stop]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    some = f", {span}" if len(names) < len(experiment.names) else ""
    num_epochs = experiment.config["num_epochs"]
    done = num_epochs if group.has_diverged else _epochs_done(experiment, group)
    num_settings = len(experiment.config.get("settings", [0]))
    label, steps = experiment.label + some, experiment.steps_per_epoch
    bar = Progress(num_epochs, steps, done, shown, label, names, num_settings)
    for epoch in group.checkpoints.damaged:
        bar.say(f"the checkpoint of epoch {epoch} is damaged; going on from epoch {group.epoch}")
    return bar


def stop_if(wanted: bool, group: SeedGroup, config: dict) -> None:
    """Raises a `StoppedError` that says how far the group is, if a stop is wanted."""
    if wanted:
        done = f"stopped after epoch {group.epoch} of {config['num_epochs']}"
        raise StoppedError(f"{done}; repeat the command to resume")

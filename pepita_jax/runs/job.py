"""Training in a workdir: what is missing there, epoch by epoch, each saved before the next."""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from pepita_jax.errors import StoppedError
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.runs.build import Experiment, build_experiment
from pepita_jax.runs.tensorboard import tensorboard
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.progress import Progress
from pepita_jax.training.recipe import Fixed


@dataclass(frozen=True)
class Job:
    """What is trained side by side in one workdir, S seeds.

    Attributes:
        config: nested plain dict; `num_seeds` is S.
        experiment: what it names.
        recipe, keys, numbers: see `SeedTrainer`.
        splits: `{name: (image, label)}` to evaluate on after every epoch.
        label, names: of them all and of each, for the progress bar.
    """

    config: dict
    experiment: Experiment
    recipe: Any
    keys: jax.Array
    splits: dict
    label: str
    names: list[str]
    numbers: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, config):
        """The job of a configuration.

        Raises:
            UserError: a value is not valid, or the data set cannot be read.
        """
        experiment = build_experiment(config)
        return cls(
            config,
            experiment,
            Fixed(experiment.rule, experiment.optimizer),
            seed_keys(config["seed"], config["num_seeds"]),
            experiment.data.held_out,
            f"{config['rule']['name']} on {config['dataset']}",
            [f"seed {k}" for k in range(config["num_seeds"])],
        )

    @property
    def steps_per_epoch(self):
        return len(self.experiment.data.train[0]) // self.config["batch_size"]

    def trainer(self, seeds):
        """A `SeedTrainer` for a range of the seeds."""
        some = slice(seeds.start, seeds.stop)
        return SeedTrainer(
            self.recipe,
            self.experiment.data.train,
            self.config["batch_size"],
            self.keys[some],
            self.config["seeds_at_once"],
            numbers={name: values[some] for name, values in self.numbers.items()},
        )

    def rate(self, epoch):
        """The learning rate at the end of an epoch, or that of each seed, `[S]`."""
        return self.experiment.schedule(epoch * self.steps_per_epoch - 1)


def train_job(job, path, write=lambda workdir, saved: saved, should_stop=lambda: False, seeds=None):
    """Trains what a workdir lacks of a job; see `run.run` for what it raises.

    Args:
        job: the `Job`.
        path: of the workdir.
        write: called with the `Workdir` and its `SavedRun` when all seeds are trained.
        should_stop: asked before and after each epoch.
        seeds: a range, which is all that is trained here; all by default.

    Returns:
        What `write` returns; None if seeds are left that are not to be trained here.
    """
    workdir, config = Workdir(path), job.config
    precision = config["matmul_precision"] or jax.config.jax_default_matmul_precision
    write_events = tensorboard(workdir.path, config["tensorboard"])
    with (
        workdir.hold(config, seeds) as groups,
        fixed_settings(),
        jax.default_matmul_precision(precision),
    ):
        write_events([row for group in groups for row in group.rows["metrics"]])
        for group in groups:
            with _progress(job, group) as bar:
                if group.epoch < config["num_epochs"] and not group.has_diverged:
                    for rows in _train(job, workdir, group, bar, should_stop):
                        write_events(rows)
        return workdir.write_results(write)


def _train(job, workdir, group, bar, should_stop):
    """Trains the epochs that a group misses; yields the rows of each."""
    config, done, last = job.config, group.epoch, job.config["num_epochs"]
    _stop_if(should_stop(), done, last)
    trainer = job.trainer(group.seeds)
    workdir.begin(trainer.layout)
    states = trainer.shard(group.restore(trainer.shapes())) if done else trainer.init()
    if config["log_alignment"] and not done:
        workdir.log(group, "alignment", 0, trainer.measure_alignment(states))
    for epoch in epochs(trainer, states, job.splits, done + 1, last, bar.advance):
        rate = np.asarray(job.rate(epoch.number), np.float64)
        more = {
            "learning_rate": rate if rate.ndim else float(rate),
            "seconds": round(epoch.seconds, 3),
        }
        rows = workdir.log(group, "metrics", epoch.number, epoch.metrics | more)
        if config["log_alignment"]:
            workdir.log(group, "alignment", epoch.number, trainer.measure_alignment(epoch.states))
        stop, is_last = should_stop(), epoch.number == last or group.has_diverged
        if stop or is_last or epoch.number % config["checkpoint_every"] == 0:
            workdir.save(group, epoch.number, trainer.gather(epoch.states))
        bar.finish_epoch(epoch, rate)
        yield rows
        _stop_if(stop and not is_last, epoch.number, last)


def _progress(job, group):
    """The progress bar of a group, which begins with what has been done."""
    names = job.names[group.seeds.start : group.seeds.stop]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    some = f", {span}" if len(names) < len(job.names) else ""
    num_epochs = job.config["num_epochs"]
    done = num_epochs if group.has_diverged else group.epoch
    label = job.label + some
    is_sweep = "settings" in job.config
    bar = Progress(num_epochs, job.steps_per_epoch, done, True, label, names, best=is_sweep)
    for epoch in group.checkpoints.damaged:
        bar.say(f"the checkpoint of epoch {epoch} is damaged; going on from epoch {group.epoch}")
    return bar


def _stop_if(wanted, epoch, last):
    if wanted:
        message = f"stopped after epoch {epoch} of {last}; the same command goes on from there"
        raise StoppedError(message)

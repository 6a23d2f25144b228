"""A whole run: from a configuration to a workdir full of results, and back."""

from typing import Any, NamedTuple

import jax
import numpy as np

from pepita_jax.build import build_experiment, build_rule_on_network, build_scheduled_optimizer
from pepita_jax.errors import DivergedError, StoppedError
from pepita_jax.loop import epochs
from pepita_jax.many_seeds import SeedTrainer, init_states, seed_keys
from pepita_jax.network import Network
from pepita_jax.plots import plot_alignment, plot_learning_curves
from pepita_jax.progress import Progress
from pepita_jax.rules import Rule
from pepita_jax.storage.files import file_errors
from pepita_jax.storage.rows import as_json
from pepita_jax.storage.workdir import Workdir
from pepita_jax.tensorboard import tensorboard


def run(config, path, should_stop=lambda: False):
    """Trains all seeds of a configuration in a workdir, or goes on where it stopped.

    Seeds beyond those that the workdir holds are trained by themselves.

    Args:
        config: nested plain dict with the fields of `configs/default.py`.
        path: the workdir.
        should_stop: asked before and after each epoch.

    Returns:
        The summary, as in `summary.json`.

    Raises:
        UserError: the configuration, the data or the workdir is not valid, and no result is
            touched; or something cannot be written, and what was saved before is kept.
        StoppedError: `should_stop` said so; all finished epochs are saved.
        DivergedError: no seed is left; all is saved.
    """
    experiment = build_experiment(config)
    workdir = Workdir(path)
    precision = config["matmul_precision"] or jax.config.jax_default_matmul_precision
    with (
        tensorboard(workdir.path, config["tensorboard"]) as write_events,
        workdir.claimed(config) as cohorts,
        jax.default_matmul_precision(precision),
    ):
        write_events([row for cohort in cohorts for row in cohort.rows["metrics"]])
        for cohort in cohorts:
            if cohort.epoch < config["num_epochs"] and not cohort.has_diverged:
                for rows in _train(config, experiment, workdir, cohort, should_stop):
                    write_events(rows)
            else:
                _progress(config, cohort, experiment).close()
        workdir.write_figures(cohorts)
        return _summarize(workdir)


def make_trainer(config, experiment, seeds):
    """A `SeedTrainer` for some of a run's seeds.

    Args:
        config, experiment: of the run.
        seeds: a range.
    """
    return SeedTrainer(
        experiment.rule,
        experiment.optimizer,
        experiment.data.train,
        config["batch_size"],
        seed_keys(config["seed"], len(seeds), seeds.start),
        config["seeds_at_once"],
    )


def _train(config, experiment, workdir, cohort, should_stop):
    """Trains the epochs that a cohort misses; yields the rows of each."""
    done, last = cohort.epoch, config["num_epochs"]
    _stop_if(should_stop(), cohort, done, last)
    trainer = make_trainer(config, experiment, cohort.seeds)
    workdir.begin(trainer.layout)
    with _progress(config, cohort, experiment) as bar:
        states = cohort.restore(trainer.init) if done else trainer.init()
        if config["log_alignment"] and not done:
            workdir.log(cohort, "alignment", 0, trainer.measure_alignment(states))
        splits = experiment.data.held_out
        for epoch in epochs(trainer, states, splits, done + 1, last, bar.advance):
            rate = float(experiment.schedule(epoch.number * trainer.steps_per_epoch - 1))
            more = {"learning_rate": rate, "seconds": round(epoch.seconds, 3)}
            rows = workdir.log(cohort, "metrics", epoch.number, epoch.metrics | more)
            if config["log_alignment"]:
                alignment = trainer.measure_alignment(epoch.states)
                workdir.log(cohort, "alignment", epoch.number, alignment)
            stop, is_last = should_stop(), epoch.number == last or cohort.has_diverged
            if stop or is_last or epoch.number % config["checkpoint_every"] == 0:
                workdir.save(cohort, epoch.number, epoch.states)
            bar.finish_epoch(epoch, rate)
            yield rows
            _stop_if(stop and not is_last, cohort, epoch.number, last)


def _progress(config, cohort, experiment):
    """The progress bar of a cohort, which begins with what has been done."""
    label = f"{config['rule']['name']} on {config['dataset']}"
    first, last = cohort.seeds.start, cohort.seeds.stop - 1
    if len(cohort.seeds) < config["num_seeds"]:
        label += f", seeds {first} to {last}"
    steps = len(experiment.data.train[0]) // config["batch_size"]
    done = config["num_epochs"] if cohort.has_diverged else cohort.epoch
    bar = Progress(config["num_epochs"], steps, done, label=label, first_seed=first)
    for epoch in cohort.checkpoints.damaged:
        bar.say(f"the checkpoint of epoch {epoch} is damaged; going on from epoch {cohort.epoch}")
    return bar


def _stop_if(wanted, cohort, epoch, last):
    if wanted:
        raise StoppedError(
            f"stopped after epoch {epoch} of {last} of seeds {cohort.seeds.start} to "
            f"{cohort.seeds.stop - 1}; the same command goes on from there"
        )


def _summarize(workdir):
    """Writes `summary.json` and the plots from what the checkpoints hold."""
    saved = workdir.read()
    history = saved.history("metrics")
    summary = summarize(saved.config, history, saved.seconds())
    workdir.write_summary(summary)
    with file_errors(workdir.path):
        plot_learning_curves({summary["rule"]: history}, workdir.path / "curves.png")
        if saved.config["log_alignment"]:
            plot_alignment(saved.history("alignment"), workdir.path / "alignment.png")
    if len(summary["diverged"]) == summary["num_seeds"]:
        epoch = max(seed["epoch"] for seed in summary["diverged"])
        raise DivergedError(
            f"all {summary['num_seeds']} seeds have diverged, the last in epoch {epoch}: their "
            f"weights are not finite (learning rate {saved.config['optimizer']['learning_rate']})"
        )
    return summary


def summarize(config, history, seconds):
    """The content of `summary.json`.

    Seeds that have diverged are listed, with the epoch and the rate, and are in no mean.

    Args:
        config: of the run.
        history: `{name: [S, epochs]}`, of which the last epoch is shown.
        seconds: wall time.
    """
    num_seeds, num_epochs = history["seconds"].shape
    finite = np.isfinite(history["test_accuracy"])
    diverged = [
        {"seed": k, "epoch": int(at) + 1, "learning_rate": history["learning_rate"][k, at]}
        for k, at in enumerate(finite.argmin(1))
        if not finite[k].all()
    ]
    return {
        "rule": config["rule"]["name"],
        "model": config["model"]["name"],
        "dataset": config["dataset"],
        "num_seeds": num_seeds,
        "num_epochs": num_epochs,
        **{name: _statistics(history[name][:, -1]) for name in history if "accuracy" in name},
        "diverged": diverged,
        "seconds": seconds,
    }


def _statistics(values):
    """Mean and deviation over finite seeds (n - 1 in its denominator; None for too few)."""
    finite = values[np.isfinite(values)]
    return {
        "mean": float(np.mean(finite)) if len(finite) else None,
        "std": float(np.std(finite, ddof=1)) if len(finite) > 1 else None,
        "per_seed": as_json(values),
    }


class Run(NamedTuple):
    """A finished or running run, read back; arrays have the seed axis first.

    Attributes:
        net, rule: as trained.
        params, feedback: of the newest checkpoint.
        config: nested dict, as in `config.json`.
        history: `{name: [S, epochs]}`, up to that checkpoint.
        alignment: `{name: [S, 1 + epochs, arrays]}`, the fields of `analysis.Alignment` from
            before training on; empty unless `config.log_alignment`.
    """

    net: Network
    rule: Rule
    params: Any
    feedback: Any
    config: dict
    history: dict[str, np.ndarray]
    alignment: dict[str, np.ndarray]


def load_run(path) -> Run:
    """Reads a run back from its workdir; seeds that are still catching up are left out.

    Raises:
        UserError: the folder holds no run, or one without an intact checkpoint.
    """
    workdir = Workdir(path)
    return workdir.steadily(lambda: _load(workdir.read()))


def _load(saved):
    config, rule = saved.config, build_rule_on_network(saved.config)
    optimizer, _ = build_scheduled_optimizer(config)

    def restore(cohort):
        keys = seed_keys(config["seed"], len(cohort.seeds), cohort.seeds.start)
        return cohort.restore(lambda: init_states(rule, optimizer, keys))

    states = jax.tree.map(lambda *x: np.concatenate(x), *map(restore, saved.cohorts))
    alignment = saved.history("alignment") if config["log_alignment"] else {}
    history = saved.history("metrics")
    return Run(rule.net, rule, states.params, states.feedback, config, history, alignment)

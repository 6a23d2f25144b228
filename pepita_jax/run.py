"""A whole run: from a configuration to a workdir full of results, and back."""

from contextlib import closing
from typing import Any, NamedTuple

import jax
import numpy as np

from pepita_jax.build import build_experiment, build_rule_on_network, build_scheduled_optimizer
from pepita_jax.checkpoint import Checkpoints
from pepita_jax.errors import require
from pepita_jax.loop import epochs
from pepita_jax.many_seeds import SeedTrainer, init_states, seed_keys
from pepita_jax.network import Network
from pepita_jax.plots import plot_alignment, plot_learning_curves
from pepita_jax.progress import Progress
from pepita_jax.rules import Rule
from pepita_jax.tensorboard import tensorboard
from pepita_jax.workdir import Workdir


def run(config, path):
    """Trains all seeds of a configuration in a workdir, or goes on where it stopped.

    Args:
        config: nested plain dict with the fields of `configs/default.py`.
        path: the workdir.

    Returns:
        The summary, as in `summary.json`.

    Raises:
        UserError: the configuration, the data or the workdir is not valid; nothing is written.
    """
    experiment = build_experiment(config)
    keys = seed_keys(config["seed"], config["num_seeds"])
    trainer = SeedTrainer(
        experiment.rule,
        experiment.optimizer,
        experiment.data.train,
        config["batch_size"],
        keys,
        config["seeds_at_once"],
    )
    workdir = Workdir(path)
    precision = config["matmul_precision"] or jax.config.jax_default_matmul_precision
    with (
        jax.default_matmul_precision(precision),
        tensorboard(workdir.path, config["tensorboard"]) as write_events,
    ):
        workdir.claim(config)
        with closing(Checkpoints(workdir.path / "checkpoints")) as checkpoints:
            for rows in _train(config, experiment, trainer, workdir, checkpoints):
                write_events(rows)
    return _summarize(config, workdir)


def _train(config, experiment, trainer, workdir, checkpoints):
    """Trains the epochs that are missing; yields the rows of each, when they are on disk."""
    num_seeds, num_epochs, done = (
        config["num_seeds"],
        config["num_epochs"],
        checkpoints.latest_epoch,
    )
    logged = (workdir.metrics, workdir.alignment)
    for file in logged if config["log_alignment"] else logged[:1]:
        if done:  # missing rows show now, not after hours of training
            file.history(num_seeds, done)
        file.keep(done)

    splits = {"test": experiment.data.test}
    if experiment.data.validation:
        splits["validation"] = experiment.data.validation
    label = f"{config['rule']['name']} on {config['dataset']}"
    with Progress(num_epochs, trainer.steps_per_epoch, done, label=label) as bar:
        states = checkpoints.restore(jax.eval_shape(trainer.init)) if done else trainer.init()
        if config["log_alignment"] and not done:
            workdir.alignment.append(0, trainer.measure_alignment(states))
        for epoch in epochs(trainer, states, splits, done + 1, num_epochs, bar.advance):
            last_step = epoch.number * trainer.steps_per_epoch - 1
            rate = float(experiment.schedule(last_step))
            more = {"learning_rate": rate, "seconds": round(epoch.seconds, 3)}
            rows = workdir.metrics.append(epoch.number, epoch.metrics | more)
            if config["log_alignment"]:
                workdir.alignment.append(epoch.number, trainer.measure_alignment(epoch.states))
            if epoch.number % config["checkpoint_every"] == 0 or epoch.number == num_epochs:
                checkpoints.save(epoch.number, epoch.states)
            bar.finish_epoch(epoch)
            yield rows


def _summarize(config, workdir):
    """Writes `summary.json` and the plots from the figures on disk."""
    num_seeds, num_epochs = config["num_seeds"], config["num_epochs"]
    history = workdir.metrics.history(num_seeds, num_epochs)
    summary = summarize(config, history)
    workdir.write_summary(summary)
    plot_learning_curves({summary["rule"]: history}, workdir.path / "curves.png")
    if config["log_alignment"]:
        measured = workdir.alignment.history(num_seeds, num_epochs)
        plot_alignment(measured, workdir.path / "alignment.png")
    return summary


def summarize(config, history):
    """The content of `summary.json`: the last epoch of `history`, `{name: [S, epochs]}`."""
    num_seeds, num_epochs = history["seconds"].shape
    return {
        "rule": config["rule"]["name"],
        "model": config["model"]["name"],
        "dataset": config["dataset"],
        "num_seeds": num_seeds,
        "num_epochs": num_epochs,
        **{name: _statistics(history[name][:, -1]) for name in history if "accuracy" in name},
        "seconds": float(history["seconds"][0].sum()),
    }


def _statistics(values):
    """Mean and standard deviation over seeds (n - 1 in its denominator; None for one seed)."""
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": std, "per_seed": values.tolist()}


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
    """Reads a run back from its workdir.

    Raises:
        UserError: the folder holds no run, or one without a checkpoint yet.
    """
    workdir = Workdir(path)
    config = workdir.read_config()
    rule = build_rule_on_network(config)
    optimizer, _ = build_scheduled_optimizer(config)
    keys = seed_keys(config["seed"], config["num_seeds"])
    shapes = jax.eval_shape(lambda: init_states(rule, optimizer, keys))
    folder = workdir.path / "checkpoints"
    require(folder.exists(), f"the run in {workdir.path} has no checkpoint yet")
    with closing(Checkpoints(folder)) as checkpoints:
        epoch = checkpoints.latest_epoch
        require(epoch, f"the run in {workdir.path} has no checkpoint yet")
        states = checkpoints.restore(shapes)
    history = workdir.metrics.history(config["num_seeds"], epoch)
    logged = config["log_alignment"]
    alignment = workdir.alignment.history(config["num_seeds"], epoch) if logged else {}
    return Run(rule.net, rule, states.params, states.feedback, config, history, alignment)

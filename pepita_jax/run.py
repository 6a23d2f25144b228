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
from pepita_jax.plots import plot_learning_curves
from pepita_jax.progress import Progress
from pepita_jax.rules import Rule
from pepita_jax.tensorboard import tensorboard
from pepita_jax.workdir import Workdir, as_history


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
    with tensorboard(workdir.path, config["tensorboard"]) as write_events:
        workdir.claim(config)
        with closing(Checkpoints(workdir.path / "checkpoints")) as checkpoints:
            for rows in _train(config, experiment, trainer, workdir, checkpoints):
                write_events(rows)
    return _summarize(config, workdir)


def _train(config, experiment, trainer, workdir, checkpoints):
    """Trains the epochs that are missing; yields the rows of each, when they are on disk."""
    num_epochs, done = config["num_epochs"], checkpoints.latest_epoch
    if done:  # missing rows show now, not after hours of training
        as_history(workdir.read_rows(done), config["num_seeds"], done)
    workdir.keep_rows(done)

    splits = {"test": experiment.data.test}
    if experiment.data.validation:
        splits["validation"] = experiment.data.validation
    label = f"{config['rule']['name']} on {config['dataset']}"
    with Progress(num_epochs, trainer.steps_per_epoch, done, label=label) as bar:
        states = checkpoints.restore(jax.eval_shape(trainer.init)) if done else trainer.init()
        for epoch in epochs(trainer, states, splits, done + 1, num_epochs, bar.advance):
            last_step = epoch.number * trainer.steps_per_epoch - 1
            rows = _as_rows(epoch, float(experiment.schedule(last_step)))
            workdir.append_rows(rows)
            if epoch.number % config["checkpoint_every"] == 0 or epoch.number == num_epochs:
                checkpoints.save(epoch.number, epoch.states)
            bar.finish_epoch(epoch)
            yield rows


def _as_rows(epoch, learning_rate):
    """One row a seed."""
    num_seeds = len(epoch.metrics["train_loss"])
    return [
        {
            "epoch": epoch.number,
            "seed": k,
            **{name: float(values[k]) for name, values in epoch.metrics.items()},
            "learning_rate": learning_rate,
            "seconds": round(epoch.seconds, 3),
        }
        for k in range(num_seeds)
    ]


def _summarize(config, workdir):
    """Writes `summary.json` and `curves.png` from the metrics on disk."""
    num_seeds, num_epochs = config["num_seeds"], config["num_epochs"]
    history = as_history(workdir.read_rows(num_epochs), num_seeds, num_epochs)
    summary = {
        "rule": config["rule"]["name"],
        "model": config["model"]["name"],
        "dataset": config["dataset"],
        "num_seeds": num_seeds,
        "num_epochs": num_epochs,
        **{name: _statistics(history[name][:, -1]) for name in history if "accuracy" in name},
        "seconds": float(history["seconds"][0].sum()),
    }
    workdir.write_summary(summary)
    plot_learning_curves({summary["rule"]: history}, workdir.path / "curves.png")
    return summary


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
    """

    net: Network
    rule: Rule
    params: Any
    feedback: Any
    config: dict
    history: dict[str, np.ndarray]


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
    history = as_history(workdir.read_rows(epoch), config["num_seeds"], epoch)
    return Run(rule.net, rule, states.params, states.feedback, config, history)

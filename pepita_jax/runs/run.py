"""A whole run: from a configuration to a workdir full of results, and back."""

from typing import Any, NamedTuple

import jax
import numpy as np

from pepita_jax.errors import DivergedError, require, require_int
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import Network
from pepita_jax.plots import draw_alignment, draw_learning_curves, save_figure
from pepita_jax.rules import Rule
from pepita_jax.runs.build import build_rule_on_network, build_scheduled_optimizer
from pepita_jax.runs.job import Job, train_job
from pepita_jax.runs.rows import as_json
from pepita_jax.runs.same_run import changed_settings
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.groups import job_of_settings
from pepita_jax.training.many_seeds import seed_keys
from pepita_jax.training.programs import PerSeed, init_states
from pepita_jax.training.recipe import Fixed
from pepita_jax.watching import decoration


def run(config, path, should_stop=lambda: False, seeds=None):
    """Trains all seeds of a configuration in a workdir, or goes on where it stopped.

    Seeds beyond those that the workdir holds are trained by themselves.

    Args:
        config: nested plain dict with the fields of `configs/default.py`, or of a sweep's `Group`.
        path: the workdir.
        should_stop: asked before and after each epoch.
        seeds: a range, to leave the others to other processes at the same time, on any machine
            that sees the workdir.

    Returns:
        The summary, as in `summary.json`; None for a sweep's settings, and while seeds are left to
        others.

    Raises:
        UserError: the configuration, the data or the workdir is not valid, and no result is
            touched; or something cannot be written, and what was saved before is kept.
        StoppedError: `should_stop` said so; all finished epochs are saved.
        DivergedError: no seed is left; all is saved.
    """
    if "settings" in config:
        train_job(job_of_settings(config), path, should_stop=should_stop, seeds=seeds)
        return None
    summary = train_job(Job.of(config), path, write_results, should_stop, seeds)
    if summary and len(summary["diverged"]) == summary["num_seeds"]:
        epoch = max(seed["epoch"] for seed in summary["diverged"])
        raise DivergedError(
            f"all {summary['num_seeds']} seeds have diverged, the last in epoch {epoch}: their "
            f"weights are not finite (learning rate {config['optimizer']['learning_rate']})"
        )
    return summary


def write_results(workdir, saved):
    """Writes the summary and the plots of a `SavedRun` into its `Workdir`; returns the summary."""
    history = saved.history("metrics")
    summary = summarize(saved.config, history, saved.seconds())
    workdir.write_summary(summary)
    with decoration(workdir.path / "curves.png"):
        curves = draw_learning_curves({summary["rule"]: history})
        save_figure(curves, workdir.path / "curves.png")
    if saved.config["log_alignment"]:
        with decoration(workdir.path / "alignment.png"):
            alignment = draw_alignment(saved.history("alignment"))
            save_figure(alignment, workdir.path / "alignment.png")
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
        "seconds": round(seconds, 3),
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
        params, feedback: after the epoch that was asked for.
        config: nested dict, as in `config.json`.
        history: `{name: [S, epochs]}`, up to that epoch.
        alignment: `{name: [S, 1 + epochs, arrays]}`, the fields of `analysis.Alignment` from
            before training on; empty unless `config.log_alignment`.
        seeds: their numbers, S of them.
    """

    net: Network
    rule: Rule
    params: Any
    feedback: Any
    config: dict
    history: dict[str, np.ndarray]
    alignment: dict[str, np.ndarray]
    seeds: list[int]

    def __repr__(self):
        num_seeds, num_epochs = self.history["seconds"].shape
        rule, dataset = self.config["rule"]["name"], self.config["dataset"]
        return f"Run({rule} on {dataset}, {num_seeds} seeds, {num_epochs} epochs)"


def load_run(path, epoch: int | None = None) -> Run:
    """Reads a run back from its workdir; seeds that are still catching up are left out.

    Args:
        path: of the workdir.
        epoch: after which, one of those that the checkpoints keep (the last two), or 0, the initial
            weights; the newest by default.

    Raises:
        UserError: the folder holds no run, or one without an intact checkpoint of the epoch.
    """
    if epoch is not None:
        require_int("epoch", epoch, 0)
    workdir = Workdir(path)
    return workdir.retry_reading(lambda: _load(workdir.read(states=epoch != 0), epoch))


def _load(saved, epoch):
    message = "these are settings of a sweep: its figures are in sweep.csv, a folder up"
    require("settings" not in saved.config, message)
    message = f"epoch {epoch} has not been reached, but {saved.num_epochs}"
    require(epoch is None or epoch <= saved.num_epochs, message)
    config, rule = saved.config, build_rule_on_network(saved.config)
    restored = [restore_states(config, group, epoch) for group in saved.groups]
    states = jax.tree.map(lambda *x: np.concatenate(x), *restored)
    alignment = saved.history("alignment", epoch) if config["log_alignment"] else {}
    history = saved.history("metrics", epoch)
    figures = (config, history, alignment, saved.seeds)
    return Run(rule.net, rule, states.params, states.feedback, *figures)


def restore_states(config, group, epoch=None):
    """The `TrainState` of a group after an epoch, the newest by default, seed axis first.

    A group that has diverged has its last one.
    """
    if epoch == 0:
        changes = changed_settings(group.config["environment"])
        require(not changes, f"the initial weights cannot be drawn again: {changes}")
        return initial_states(config, group.seeds)
    if group.has_diverged and epoch is not None:
        epoch = min(epoch, group.epoch)
    return group.restore(jax.eval_shape(lambda: initial_states(config, group.seeds)), epoch)


@fixed_settings()
def initial_states(config, seeds):
    """The `TrainState` of a range of seeds before training, seed axis first."""
    rule, (optimizer, _) = build_rule_on_network(config), build_scheduled_optimizer(config)
    keys = seed_keys(config["seed"], seeds.stop)[seeds.start :]
    return init_states(Fixed(rule, optimizer), PerSeed(keys, {}))

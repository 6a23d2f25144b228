"""A whole run: from a configuration to a workdir full of results.

Training adds what the workdir lacks, epoch by epoch.
"""

from collections.abc import Callable
from typing import Any

import jax

from pepita_jax.errors import DivergedError
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.runs.experiment import Experiment, build_experiment
from pepita_jax.runs.group_training import end_here, show_progress, stop_if, train_group
from pepita_jax.runs.identity import with_code, with_data
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.summary import write_summary_and_plots
from pepita_jax.runs.tensorboard import tensorboard
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.many_seeds import SeedTrainer
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
    """Trains all seeds of a configuration in a workdir, or resumes where training stopped.

    Seeds that the workdir does not hold yet are trained in a group of their own.

    Args:
        config: nested plain dict with the fields of `configs/default.py`.
        path: the workdir.
        should_stop: asked before and after each epoch.
        seeds: a range of seeds to train; None: all. Other processes may train the other seeds at
            the same time, on any machine that sees the workdir.
        build: makes the `Experiment` of the configuration.
        is_enough: asked after each epoch, once all that is due is written, and before training
            goes on from a checkpoint. True for the first seed group ends the run there.
        progress: whether to show a progress bar.

    Returns:
        The summary, as in `summary.json`; None while seeds are left to other processes, or if
        the experiment has no summary.

    Raises:
        UserError: the configuration, the data or the workdir is not valid, and no result is
            touched; or something cannot be written, and what was saved before is kept.
        StoppedError: `should_stop` said so; all finished epochs are saved.
        DivergedError: no seed is left; all is saved.
    """
    config = with_code(with_data(config))
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
            with show_progress(experiment, group, progress) as bar:
                if group.is_done(experiment.config["num_epochs"]):
                    continue
                stop_if(should_stop(), group, experiment.config)
                for reached in train_group(
                    experiment, workdir, group, bar, should_stop, write_events
                ):
                    if is_enough(*reached, group) and group is groups[0]:
                        experiment = end_here(experiment, workdir, group, *reached)
                        break
        write = write_summary_and_plots if experiment.summarized else lambda *_: None
        summary = workdir.write_results(write)
    _require_a_seed_left(summary, config)
    return summary


def _require_a_seed_left(summary, config):
    if summary and len(summary["diverged"]) == summary["num_seeds"]:
        epoch = max(seed["epoch"] for seed in summary["diverged"])
        learning_rate = config["optimizer"].get("learning_rate")
        message = f"every seed has diverged, the last in epoch {epoch}"
        why = f"their weights are not finite (learning rate {learning_rate or 'not known'})"
        raise DivergedError(f"{message}: {why}")

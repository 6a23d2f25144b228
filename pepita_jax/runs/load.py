"""A run read back from its workdir."""

from typing import Any, NamedTuple

import jax
import numpy as np

from pepita_jax.errors import require, require_int
from pepita_jax.history import History
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import Network
from pepita_jax.rules import Rule
from pepita_jax.runs.experiment import (
    build_configured_feedback_optimizer,
    build_configured_optimizer,
    build_rule_on_network,
)
from pepita_jax.runs.same_run import changed_settings
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.many_seeds import seed_keys
from pepita_jax.training.seed_axis import init_states
from pepita_jax.types import TrainState


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
    history: History
    alignment: History
    seeds: list[int]

    def __repr__(self) -> str:
        rule, dataset = self.config["rule"]["name"], self.config["dataset"]
        size = f"{len(self.seeds)} seeds, {self.history.num_epochs} epochs"
        return f"Run({rule} on {dataset}, {size})"


def load_run(path: Any, epoch: int | None = None) -> Run:
    """Reads a run back from its workdir; seeds that are still catching up are left out.

    >>> import pepita_jax as pj
    >>> run = pj.load_run("runs/digits")
    >>> run
    Run(pepita on digits, 2 seeds, 1 epochs)
    >>> params_of_seed_0 = tuple(W[0] for W in run.params)
    >>> run.net.apply(params_of_seed_0, pj.load_dataset("digits").test[0]).shape
    (360, 10)

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
    has_alignment = config["log_alignment"]
    alignment = (
        saved.history("alignment", epoch) if has_alignment else History({}, tuple(saved.seeds), 0)
    )
    history = saved.history("metrics", epoch)
    figures = (config, history, alignment, saved.seeds)
    return Run(rule.net, rule, states.params, states.feedback, *figures)


def restore_states(config: dict, group: SeedGroup, epoch: int | None = None) -> TrainState:
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
def initial_states(config: dict, seeds: range) -> TrainState:
    """The `TrainState` of a range of seeds before training, seed axis first."""
    rule, optimizer = build_rule_on_network(config), build_configured_optimizer(config)
    keys = seed_keys(config["seed"], seeds.stop)[seeds.start :]
    of_feedback = build_configured_feedback_optimizer(config)
    return init_states(rule, optimizer, keys, feedback_optimizer=of_feedback)

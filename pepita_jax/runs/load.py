"""A run read back from its workdir."""

from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from pepita_jax.data.own import show_name
from pepita_jax.errors import require, require_int
from pepita_jax.history import History
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import Network
from pepita_jax.rules import Rule
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.objects import PYTHON, describe_rule
from pepita_jax.runs.same_run import changed_settings, describe_changes, require_run
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.training.many_seeds import seed_keys
from pepita_jax.training.seed_axis import init_states
from pepita_jax.words import counted


class Run(NamedTuple):
    """A finished or running run, read back. Arrays have a leading seed axis.

    Attributes:
        net: the network, as trained.
        rule: the rule, as trained.
        params: weights after the requested epoch, a tuple of `[S, *shape]`.
        feedback: feedback after that epoch, `[S, *shape]` each.
        config: nested dict, as in `config.json`.
        history: `{name: [S, epochs]}`, up to that epoch.
        alignment: `{name: [S, 1 + epochs, arrays]}`, the fields of `analysis.Alignment` from
            before training on; empty unless `config.log_alignment`.
        seeds: the numbers of the S seeds.
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
        rule, dataset = self.config["rule"]["name"], show_name(self.config["dataset"])
        size = f"{counted(len(self.seeds), 'seed')}, {counted(self.history.num_epochs, 'epoch')}"
        return f"Run({rule} on {dataset}, {size})"


def load_run(path: Any, epoch: int | None = None, rule: Rule | None = None) -> Run:
    """Reads a run back from its workdir. Seeds that are still catching up are left out.

    >>> import jax
    >>> import pepita_jax as pj
    >>> run = pj.load_run("runs/digits")
    >>> run
    Run(pepita on digits, 2 seeds, 1 epoch)
    >>> params, F = jax.tree.map(lambda x: x[0], (run.params, run.feedback))  # of seed 0
    >>> run.rule.scores(params, F, pj.load_dataset("digits").test[0]).shape
    (360, 10)

    Args:
        path: the workdir.
        epoch: the epoch after which weights are read: one of the last two, which have
            checkpoints, or 0 for the initial weights; None: the newest.
        rule: the rule that the run was trained with, on its network. It is needed only if
            `pj.train` was given objects that cannot be rebuilt, such as a notebook's own rule.

    Returns:
        A `Run`.

    Raises:
        UserError: the folder holds no run but perhaps others that do, no intact checkpoint of the
            epoch, or a run of another rule.
    """
    if epoch is not None:
        require_int("epoch", epoch, 0)
    workdir = Workdir(path)
    require_run(path)
    return workdir.retry_reading(lambda: _load(workdir.read(states=epoch != 0), epoch, rule))


def _load(saved, epoch, rule):
    message = "this folder holds settings of a sweep; its figures are in sweep.csv, one folder up"
    require("settings" not in saved.config, message)
    message = f"epoch {epoch} has not been reached: the run is at epoch {saved.num_epochs}"
    require(epoch is None or epoch <= saved.num_epochs, message)
    config, rule = saved.config, _rule_of(saved.config, rule)
    restored = [restore_weights(rule, group, epoch) for group in saved.groups]
    weights = jax.tree.map(lambda *x: np.concatenate(x), *restored)
    has_alignment = config["log_alignment"]
    alignment = (
        saved.history("alignment", epoch) if has_alignment else History({}, tuple(saved.seeds), 0)
    )
    history = saved.history("metrics", epoch)
    return Run(rule.net, rule, *weights, config, history, alignment, saved.seeds)


def _rule_of(config, given):
    """The rule of a run; if one is given, it must be the same."""
    if given is None:
        return build_rule_on_network(config)
    if config["model"]["name"] == PYTHON:
        trained = {name: config[name] for name in ("rule", "model")}
        changes = describe_changes(trained, describe_rule(given))
    else:
        trained = build_rule_on_network(config)
        changes = "" if given == trained else f"rule was {trained!r}, is {given!r}"
    require(not changes, f"the run was trained with another rule: {changes}")
    return given


def restore_weights(rule: Rule, group: SeedGroup, epoch: int | None = None) -> tuple[Any, Any]:
    """`(params, feedback)` of a group after an epoch, the newest by default, seed axis first.

    A group that has diverged gives its last ones.

    Args:
        rule: the rule that the group was trained with.
        group: a group with checkpoints.
        epoch: as in `load_run`.
    """
    draw = lambda: initial_weights(rule, group.config["seed"], group.seeds)
    if epoch == 0:
        changes = changed_settings(group.config["environment"])
        require(not changes, f"the initial weights cannot be drawn again: {changes}")
        return draw()
    if group.has_diverged and epoch is not None:
        epoch = min(epoch, group.epoch)
    shapes = dict(zip(("params", "feedback"), jax.eval_shape(draw), strict=True))
    restored = group.checkpoints.restore_some(shapes, epoch)
    return restored["params"], restored["feedback"]


@fixed_settings()
def initial_weights(rule: Rule, seed: int, seeds: range) -> tuple[Any, Any]:
    """`(params, feedback)` of a range of seeds before training, seed axis first."""
    keys = seed_keys(seed, seeds.stop)[seeds.start :]
    states = init_states(rule, optax.identity(), keys)
    return states.params, states.feedback

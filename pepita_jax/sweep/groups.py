"""Groups: settings that differ only in numbers, and so share one compiled function."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from pepita_jax.options import flatten
from pepita_jax.runs.experiment import Experiment, build_experiment
from pepita_jax.sweep.numbers import SEED, stack, vary, varying_fields, with_followers
from pepita_jax.sweep.rung_states import Before
from pepita_jax.training.many_seeds import seed_keys
from pepita_jax.words import counted


@dataclass(frozen=True)
class Group:
    """Some of a sweep's settings, each with S seeds, which are trained in one workdir.

    Attributes:
        config: the configuration of the first of them, a nested plain dict. Its `settings` lists
            the numbers in which they differ, `{field: number}` each. Its `split` is the split to
            evaluate on. Its `num_seeds` counts the seeds of all settings: seed 0 of every setting,
            then seed 1.
        indices: which of the sweep's settings they are.
    """

    config: dict
    indices: list[int]


def builder(config: dict) -> Callable[[dict], Experiment]:
    """The function that builds the experiment of a workdir: that of a `Group`, or of a run."""
    return build_group_experiment if "settings" in config else build_experiment


def build_group_experiment(config: dict) -> Experiment:
    """The `Experiment` of all settings and seeds of a `Group`'s configuration.

    Raises:
        UserError: see `build_experiment`.
    """
    settings, experiment = config["settings"], build_experiment(config)
    num_seeds = config["num_seeds"] // len(settings)
    numbers = stack([with_followers(setting, config) for setting in settings], num_seeds)
    return replace(
        experiment,
        keys=_keys(config, settings, num_seeds),
        splits={config["split"]: experiment.data.eval_splits[config["split"]]},
        label=f"{counted(len(settings), 'setting')} of {config['rule']['name']}",
        names=[
            ", ".join([*(f"{f}={v:g}" for f, v in setting.items()), f"seed {seed}"])
            for seed in range(num_seeds)
            for setting in settings
        ],
        numbers=jax.tree.map(jnp.asarray, numbers),
        vary=vary,
        summarized=False,
        before=Before(config["continues"]) if "continues" in config else None,
    )


def make_groups(configs: list[dict], split: str, shared: dict | None = None) -> list[Group]:
    """Sorts the settings of a sweep into `Group` objects.

    Args:
        configs: one valid nested plain dict per setting.
        split: the split to evaluate on, `validation` or `test`.
        shared: `{field: number}`, which a group's own configuration gets in fields that vary.
            Groups that are made later then share its compiled functions.
    """
    shared = shared or {}
    fields, members = varying_fields(configs, shared), {}
    for i, config in enumerate(configs):
        members.setdefault(_without(config, fields), []).append(i)
    return [_make_group(configs, indices, fields, split, shared) for indices in members.values()]


def _make_group(configs, indices, fields, split, shared):
    flat, first = [flatten(configs[i]) for i in indices], configs[indices[0]]
    differs = lambda field: any(setting.get(field) != flat[0].get(field) for setting in flat)
    differ = [f for f in fields if differs(f) or (f in shared and f in flat[0])]
    settings = [{field: setting[field] for field in differ} for setting in flat]
    total = len(indices) * first["num_seeds"]
    for field in set(differ) & set(shared):
        first = _replace(first, field, shared[field])
    return Group(first | {"num_seeds": total, "settings": settings, "split": split}, indices)


def _replace(config, field, value):
    """The same with another value of a field such as `rule.feedback_scale`, or `seed`."""
    group, _, name = field.partition(".")
    return config | {group: config[group] | {name: value} if name else value}


def _keys(config, settings, num_seeds):
    """Seed 0 of every setting, then seed 1, and so on."""
    roots = [setting.get(SEED, config[SEED]) for setting in settings]
    keys = {root: seed_keys(root, num_seeds) for root in set(roots)}
    return jnp.stack([keys[root] for root in roots], axis=1).reshape(-1)


def _without(config, fields):
    """What is compiled, for comparison; of the numbers that vary, only their presence counts."""
    return tuple(sorted((f, f in fields or repr(v)) for f, v in flatten(config).items()))

"""Settings that differ in numbers alone share one compiled program: they form a group."""

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from pepita_jax.jax_settings import fixed_settings
from pepita_jax.options import flatten
from pepita_jax.runs.build import build_experiment, build_rule_on_network
from pepita_jax.runs.job import Job
from pepita_jax.training import one_seed
from pepita_jax.training.many_seeds import seed_keys
from pepita_jax.training.recipe import Varied
from pepita_jax.types import Batch

SEED = "seed"


@dataclass(frozen=True)
class Group:
    """Some of a sweep's settings, each with S seeds.

    Attributes:
        config: of the first of them, a nested plain dict, in which `settings` lists the numbers
            in which they differ, `{field: number}` each, `split` is to be evaluated on, and
            `num_seeds` counts all settings' seeds: seed 0 of every setting, then seed 1.
        indices: which of the sweep's settings they are.
    """

    config: dict
    indices: list[int]


def job_of_settings(config):
    """The `Job` of all settings and seeds of a `Group`'s configuration."""
    settings = config["settings"]
    num_seeds = config["num_seeds"] // len(settings)
    numbers = {
        field: np.tile(np.asarray([s[field] for s in settings], np.float32), num_seeds)
        for field in settings[0]
        if field != SEED
    }
    experiment = build_experiment(config)
    steps = len(experiment.data.train[0]) // config["batch_size"]
    recipe = Varied.of(config, experiment.rule, steps)
    rates = numbers.get("optimizer.learning_rate", config["optimizer"]["learning_rate"])
    varied = experiment._replace(schedule=lambda step: rates * np.asarray(recipe.decay()(step)))
    splits = {config["split"]: experiment.data.held_out[config["split"]]}
    number = "1 setting" if len(settings) == 1 else f"{len(settings)} settings"
    label = f"{number} of {config['rule']['name']}"
    names = [
        ", ".join([*(f"{f}={v:g}" for f, v in setting.items()), f"seed {seed}"])
        for seed in range(num_seeds)
        for setting in settings
    ]
    keys = _keys(config, settings, num_seeds)
    return Job(config, varied, recipe, keys, splits, label, names, numbers)


def _keys(config, settings, num_seeds):
    """Seed 0 of every setting, then seed 1, and so on."""
    roots = [setting.get(SEED, config[SEED]) for setting in settings]
    keys = {root: seed_keys(root, num_seeds) for root in set(roots)}
    return jnp.stack([keys[root] for root in roots], axis=1).reshape(-1)


def make_groups(configs, split):
    """The `Group`s of a sweep.

    Args:
        configs: one nested plain dict a setting, valid ones.
        split: to evaluate on, `validation` or `test`.
    """
    fields = _varying_numbers(configs)
    members = {}
    for i, config in enumerate(configs):
        members.setdefault(_without(config, fields), []).append(i)
    return [_make_group(configs, indices, fields, split) for indices in members.values()]


def _make_group(configs, indices, fields, split):
    flat, first = [flatten(configs[i]) for i in indices], configs[indices[0]]
    differ = [f for f in fields if any(setting.get(f) != flat[0].get(f) for setting in flat)]
    settings = [{field: setting[field] for field in differ} for setting in flat]
    total = len(indices) * first["num_seeds"]
    return Group(first | {"num_seeds": total, "settings": settings, "split": split}, indices)


def _varying_numbers(configs):
    """Numeric fields that differ among the configurations, and that a program can take as arrays.

    Among those that are alike in all else than numbers: others have another program anyway.
    """
    flat = [flatten(config) for config in configs]
    fields = {field for setting in flat for field in setting}
    return sorted(
        field
        for field in fields
        if len({repr(setting.get(field)) for setting in flat}) > 1
        and all(_is_number(setting.get(field)) for setting in flat if field in setting)
        and _can_be_traced(next(c for c, s in zip(configs, flat, strict=True) if field in s), field)
    )


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _can_be_traced(config, field):
    """Whether a training step can be traced with the field as an array."""
    if field == SEED:
        return True
    if field != "model.dropout" and not field.startswith(("rule.", "optimizer.")):
        return False
    rule = build_rule_on_network(config)
    recipe = Varied.of(config, rule, steps_per_epoch=1)

    def step(number, key):
        made = recipe({field: number})
        image = jnp.zeros((2, *rule.net.input_shape))
        batch = Batch(image, jnp.zeros(2, int), key)
        return one_seed.train_step(*made, one_seed.init_state(*made, key), batch)

    try:
        with fixed_settings():
            jax.eval_shape(step, jnp.float32(0), jax.random.key(0))
    except (TypeError, ValueError):  # it is compared with something, or must be an integer
        return False
    return True


def _without(config, fields):
    """All that makes the program, as a text to compare: the numbers count by being there."""
    return json.dumps({f: f in fields or v for f, v in flatten(config).items()}, sort_keys=True)

"""Settings that differ in numbers alone share one compiled program: they form a group."""

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from pepita_jax import one_seed
from pepita_jax.build import build_experiment, build_rule_on_network
from pepita_jax.job import Job
from pepita_jax.many_seeds import seed_keys
from pepita_jax.options import flatten
from pepita_jax.recipe import Varied
from pepita_jax.types import Batch

SEED = "seed"


@dataclass(frozen=True)
class Group:
    """Some of a sweep's settings, each with S seeds.

    Attributes:
        config: of the first of them, a nested plain dict.
        indices: which of the sweep's settings they are.
        numbers: `{field: values}`, one value a setting, of the fields in which they differ.
    """

    config: dict
    indices: list[int]
    numbers: dict[str, list]

    def job(self, split):
        """The `Job` of all settings and seeds: the seeds of the first setting, then of the next.

        Args:
            split: to evaluate on, `validation` or `test`.
        """
        num_seeds = self.config["num_seeds"]
        seeds = self.numbers.get(SEED, [self.config[SEED]] * len(self.indices))
        keys = jnp.concatenate([seed_keys(seed, num_seeds) for seed in seeds])
        numbers = {
            field: np.repeat(np.asarray(values, np.float32), num_seeds)
            for field, values in self.numbers.items()
            if field != SEED
        }
        experiment = build_experiment(self.config)
        steps = len(experiment.data.train[0]) // self.config["batch_size"]
        recipe = Varied.of(self.config, experiment.rule, steps)
        rates = numbers.get("optimizer.learning_rate", self.config["optimizer"]["learning_rate"])
        varied = experiment._replace(schedule=lambda step: rates * np.asarray(recipe.decay()(step)))
        config = {
            **self.config,
            "num_seeds": len(keys),
            "settings": [dict(zip(self.numbers, v, strict=True)) for v in self._rows()],
        }
        splits = {split: experiment.data.held_out[split]}
        number = "1 setting" if len(self.indices) == 1 else f"{len(self.indices)} settings"
        label = f"{number} of {self.config['rule']['name']}"
        names = [
            ", ".join([*(f"{f}={v}" for f, v in setting.items()), f"seed {seed}"])
            for setting in config["settings"]
            for seed in range(num_seeds)
        ]
        return Job(config, varied, recipe, keys, splits, label, names, numbers)

    def _rows(self):
        return zip(*self.numbers.values(), strict=True) if self.numbers else [()]


def make_groups(configs):
    """The `Group`s of a sweep.

    Args:
        configs: one nested plain dict a setting, valid ones.
    """
    fields = _varying_numbers(configs)
    members = {}
    for i, config in enumerate(configs):
        members.setdefault(_without(config, fields), []).append(i)
    groups = []
    for indices in members.values():
        values = {f: [flatten(configs[i]).get(f) for i in indices] for f in fields}
        values = {f: v for f, v in values.items() if any(x != v[0] for x in v)}
        groups.append(Group(configs[indices[0]], indices, values))
    return groups


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
        jax.eval_shape(step, jnp.float32(0), jax.random.key(0))
    except (TypeError, ValueError):  # it is compared with something, or must be an integer
        return False
    return True


def _without(config, fields):
    """All that makes the program, as a text to compare: the numbers count by being there."""
    return json.dumps({f: f in fields or v for f, v in flatten(config).items()}, sort_keys=True)

"""From a configuration (nested plain dict) to the objects that it names."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from pepita_jax.data import DATASETS, Dataset, load_stored
from pepita_jax.data.load import num_held_out
from pepita_jax.errors import look_up, require_int, require_name
from pepita_jax.networks.models import build_network
from pepita_jax.rules import Rule, build_rule
from pepita_jax.training.many_seeds import check_sizes, seed_keys
from pepita_jax.training.optimizers import build_optimizer, step_schedule

# JAX's names, fast ones first; what they mean depends on the accelerator.
MATMUL_PRECISIONS = ("default", "bfloat16", "tensorfloat32", "high", "float32", "highest")


class Experiment(NamedTuple):
    """What a run trains, with what, on what; `schedule` maps a step to its learning rate."""

    rule: Rule
    optimizer: Any
    schedule: Callable
    data: Dataset


def build_rule_on_network(config) -> Rule:
    """The configured rule, with its network as `rule.net`."""
    info = look_up("dataset", config["dataset"], DATASETS)
    model, model_options = _split_name(config["model"])
    net = build_network(
        model, input_shape=info.image_shape, num_classes=info.num_classes, **model_options
    )
    rule, rule_options = _split_name(config["rule"])
    return build_rule(rule, net, **rule_options)


def build_scheduled_optimizer(config, steps_per_epoch=1):
    """The configured optax optimizer and its schedule, `(optimizer, step -> rate)`."""
    chosen = json.dumps([config["optimizer"], config["schedule"]])
    return _scheduled_optimizer(chosen, steps_per_epoch)


@lru_cache(maxsize=4)  # optax's functions are equal only to themselves: see `programs.py`
def _scheduled_optimizer(chosen, steps_per_epoch):
    optimizer, schedule = json.loads(chosen)
    name, options = _split_name(optimizer)
    rate = options.pop("learning_rate")
    schedule = step_schedule(rate, **schedule, steps_per_epoch=steps_per_epoch)
    return build_optimizer(name, schedule, **options), schedule


def check_config(config):
    """Raises a `UserError` if a configuration is not valid; no data are read."""
    for field in ("num_epochs", "checkpoint_every"):
        require_int(field, config[field], 1)
    seed_keys(config["seed"], config["num_seeds"])  # which checks them
    if config["matmul_precision"] is not None:
        require_name("matmul_precision", config["matmul_precision"], MATMUL_PRECISIONS)
    build_rule_on_network(config)
    build_scheduled_optimizer(config)
    num_train = DATASETS[config["dataset"]].num_train
    num_train -= num_held_out(config["validation_fraction"], num_train)
    check_sizes(num_train, config["batch_size"], config["seeds_at_once"])


def build_experiment(config) -> Experiment:
    """Builds everything a configuration names and loads its data.

    Raises:
        UserError: a value is not valid, or the data set cannot be read.
    """
    check_config(config)
    data = load_stored(
        config["dataset"], config["data_dir"], config["validation_fraction"], config["whiten"]
    )
    steps_per_epoch = len(data.train[0]) // config["batch_size"]
    return Experiment(
        build_rule_on_network(config), *build_scheduled_optimizer(config, steps_per_epoch), data
    )


def _split_name(group):
    return group["name"], {key: value for key, value in group.items() if key != "name"}

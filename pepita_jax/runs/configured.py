"""Builds what the groups of a configuration (a nested plain dict) name."""

from dataclasses import replace

from pepita_jax.data.load import black_value
from pepita_jax.errors import UserError
from pepita_jax.networks.models import build_network
from pepita_jax.rules import Rule, build_rule
from pepita_jax.runs.identity import configured_dataset
from pepita_jax.runs.objects import PYTHON, rebuild_rule
from pepita_jax.training.augment import Augment
from pepita_jax.training.one_seed import Batching
from pepita_jax.training.optimizers import Optimizer, followed
from pepita_jax.training.schedules import build_schedule


def build_rule_on_network(config: dict) -> Rule:
    """The configured rule, with its network as `rule.net`.

    Raises:
        UserError: a value is not valid, or a script gave objects that cannot be rebuilt.
    """
    if config["model"]["name"] == PYTHON:
        return rebuild_rule(config)
    info = configured_dataset(config)
    model, model_options = _split_name(config["model"])
    net = build_network(
        model, input_shape=info.image_shape, num_classes=info.num_classes, **model_options
    )
    rule, rule_options = _split_name(config["rule"])
    return build_rule(rule, net, **rule_options)


def build_configured_optimizer(config: dict, steps_per_epoch: int = 1) -> Optimizer:
    """The configured optimizer with its schedule.

    Raises:
        UserError: a name, an option or a number is not valid.
    """
    return _build_optimizer(config["optimizer"], config["schedule"], steps_per_epoch)


def build_configured_feedback_optimizer(config: dict, steps_per_epoch: int = 1) -> Optimizer | None:
    """The optimizer of learned feedback; None if none of its fields is set.

    Without one, the weights' optimizer serves. Unset fields are taken over from it, see `followed`;
    the schedule always is.

    Raises:
        UserError: as for `build_configured_optimizer`.
    """
    given = _set_fields(config["feedback_optimizer"])
    if not given:
        return None
    group = followed(config["optimizer"], given) | given
    try:
        return _build_optimizer(group, config["schedule"], steps_per_epoch)
    except UserError as error:
        raise UserError(f"feedback_optimizer: {error}") from error


def build_batching(config: dict) -> Batching:
    """How the configuration makes batches; this reads its data if images are padded."""
    augment = Augment(**config["augment"])
    if augment.crop:
        fields = ("dataset", "data_dir", "validation_fraction", "preprocess")
        augment = replace(augment, fill=black_value(*(config[field] for field in fields)))
    is_on = augment.flip or augment.crop
    return Batching(config["shuffle"], config["drop_last"], augment if is_on else None)


def _build_optimizer(group, schedule, steps_per_epoch):
    name, options = _split_name(_set_fields(group))
    learning_rate = options.pop("learning_rate")
    options = tuple(sorted(options.items()))
    schedule = build_schedule(**schedule)
    optimizer = Optimizer(name, learning_rate, options, schedule, steps_per_epoch)
    optimizer.check()
    return optimizer


def _set_fields(group):
    return {field: value for field, value in group.items() if value is not None}


def _split_name(group):
    return group["name"], {key: value for key, value in group.items() if key != "name"}

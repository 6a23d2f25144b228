"""Numbers that differ between settings which one compiled function trains side by side."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from pepita_jax.options import field_kinds, flatten, is_numeric
from pepita_jax.rules import Rule, find_rule
from pepita_jax.training.optimizers import (
    Optimizer,
    followed,
    optimizer_fields,
    optimizer_options,
)

SEED = "seed"
DROPOUTS = ("model.dropout", "model.input_dropout")


def can_vary(config: dict, field: str) -> bool:
    """Whether the numbers of a field can enter a compiled function as an array.

    Real numbers can: dropout, arguments of the optimizers, and options of the rule except its
    `static_options`. The root of the seeds' keys, `seed`, can as well.

    Args:
        config: a nested plain dict that has the field.
        field: a field's name, such as `rule.feedback_scale`.
    """
    group, _, name = field.partition(".")
    if group == "rule":
        rule = find_rule(config[group]["name"])
        return is_numeric(field_kinds(rule).get(name)) and name not in rule.static_options
    if group in ("optimizer", "feedback_optimizer"):
        optimizer = config[group].get("name") or config["optimizer"]["name"]
        own = {"learning_rate", *optimizer_options(optimizer)}
        return name in own and ({"learning_rate": float} | optimizer_fields()).get(name) is float
    return field in (*DROPOUTS, SEED)


def vary(
    rule: Rule,
    optimizer: Optimizer,
    feedback_optimizer: Optimizer | None,
    numbers: dict[str, Any],
) -> tuple[Rule, Optimizer, Optimizer | None]:
    """Rule and optimizers with the numbers `{field: number}`, which may be traced."""

    def of(group):
        names = {f.partition(".")[2]: n for f, n in numbers.items() if f.startswith(f"{group}.")}
        return dict(sorted(names.items()))

    for field, change in zip(DROPOUTS, ("with_dropout", "with_input_dropout"), strict=True):
        if field in numbers:
            rule = replace(rule, net=getattr(rule.net, change)(numbers[field]))
    if feedback_optimizer:
        feedback_optimizer = _with_numbers(feedback_optimizer, of("feedback_optimizer"))
    optimizer = _with_numbers(optimizer, of("optimizer"))
    return replace(rule, **of("rule")), optimizer, feedback_optimizer


def _with_numbers(optimizer, numbers):
    learning_rate = numbers.pop("learning_rate", optimizer.learning_rate)
    options = tuple((dict(optimizer.options) | numbers).items())
    return replace(optimizer, learning_rate=learning_rate, options=options)


def with_followers(setting: dict[str, Any], config: dict) -> dict[str, Any]:
    """A setting's numbers, and those in which the feedback's own optimizer follows the weights'."""
    feedback = {f: v for f, v in config["feedback_optimizer"].items() if v is not None}
    if not feedback:
        return setting
    fields = followed(config["optimizer"], feedback)
    own = {f"feedback_optimizer.{f}": setting.get(f"optimizer.{f}") for f in fields}
    return setting | {field: value for field, value in own.items() if value is not None}


def varying_fields(configs: list[dict], swept: Collection[str] = ()) -> list[str]:
    """The fields that differ among configurations in numbers that can vary.

    Args:
        configs: nested plain dicts.
        swept: fields that count as different even if they are not.
    """
    flat = [flatten(config) for config in configs]
    names = {field for setting in flat for field in setting}
    return sorted(
        field
        for field in names
        if (field in swept or len({repr(setting.get(field)) for setting in flat}) > 1)
        and all(is_number(setting[field]) for setting in flat if field in setting)
        and all(can_vary(c, field) for c, s in zip(configs, flat, strict=True) if field in s)
    )


def stack(settings: list[dict], num_seeds: int) -> dict[str, np.ndarray]:
    """Stacks settings `{field: number}` to `{field: [S]}`: seed 0 of every setting, then seed 1."""
    varied = [field for field in settings[0] if field != SEED]
    return {f: np.tile(np.asarray([s[f] for s in settings], np.float32), num_seeds) for f in varied}


def is_number(value: Any) -> bool:
    """Whether a value is a number; True and False are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""Upgrades configurations of earlier versions.

Version 0.1 had three more rules as options of `pepita`, a field `whiten`, and fewer fields.
"""

from pepita_jax.errors import require
from pepita_jax.rules.moved import NOISE

# Options that `pepita` no longer has, and their defaults; the first configurations lack some.
GONE = {
    "update": "joint",
    "feedback": "fixed",
    "modulation": "error",
    "mirror_decay": 0.01,
    "noise_scale": 0.1,
    "noise_low": -1.0,
}

# Fields that came later, with values that change nothing about a run.
ADDED = {
    "shuffle": True,
    "drop_last": True,
    "augment": {"flip": False, "crop": 0},
    "feedback_optimizer": {},
}
OF_DRTP = {"output_reduction": "mean"}
OF_GROUPS = {"model": {"bias": False, "input_dropout": 0.0}, "schedule": {"name": "step"}}


def upgrade(config: dict) -> dict:
    """The configuration with the rules and fields of this version.

    Args:
        config: nested plain dict, as `config.json` or a checkpoint holds it.

    Raises:
        UserError: it combines noise with another of the rules that were options.
    """
    return _with_rules_of_now(_with_fields_of_now(config))


def _with_fields_of_now(config: dict) -> dict:
    if "whiten" in config:
        others = {name: value for name, value in config.items() if name != "whiten"}
        config = others | {"preprocess": "whiten" if config["whiten"] else "none"}
    if "schedule" not in config:  # a part of a configuration, or one of Python objects
        return config
    of_groups = ((name, added) for name, added in OF_GROUPS.items() if name in config)
    return _fill(config | {name: _fill(config[name], added) for name, added in of_groups}, ADDED)


def _fill(group, added):
    """The group with those of the fields `added` that it lacks, at its end."""
    return group | {name: value for name, value in added.items() if name not in group}


def _with_rules_of_now(config):
    rule = config.get("rule")
    if isinstance(rule, dict) and rule.get("name") == "drtp":
        return config | {"rule": _fill(rule, OF_DRTP)}
    if not isinstance(rule, dict) or rule.get("name") != "pepita" or not rule.keys() & GONE:
        return config
    old = GONE | rule
    new = {name: value for name, value in rule.items() if name not in GONE}
    is_hebbian, is_mirrored = old["update"] == "time_local", old["feedback"] == "mirrored"
    if old["modulation"] == "noise":
        message = "pepita with modulation=noise and {}={} is a rule of version 0.1 alone"
        require(not is_hebbian, message.format("update", "time_local"))
        require(not is_mirrored, message.format("feedback", "mirrored"))
        new |= {"name": NOISE, "noise_scale": old["noise_scale"], "noise_low": old["noise_low"]}
    elif is_mirrored:
        updates = "hebbian" if is_hebbian else "pepita"
        new |= {"name": "pepita_mirrored", "mirror_decay": old["mirror_decay"], "updates": updates}
    elif is_hebbian:
        new["name"] = "pepita_hebbian"
        for without_effect in ("presynaptic", "output_error"):
            new.pop(without_effect, None)
    return config | {"rule": new}

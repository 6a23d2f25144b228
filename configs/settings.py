"""From a setting, `{field: value}`, to a configuration, and to the command that trains it."""

import shlex
from difflib import get_close_matches
from typing import NamedTuple

from absl import flags
from ml_collections import ConfigDict
from ml_collections.config_flags import config_path

from configs import default
from pepita_jax.errors import UserError, require
from pepita_jax.networks.models import model_options
from pepita_jax.rules import check_moved, rule_options
from pepita_jax.runs.experiment import check_config
from pepita_jax.sweep.axes import NOT_SWEPT
from pepita_jax.training.optimizers import optimizer_fields

KINDS = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a word",
    tuple: "a list of sizes",
    ConfigDict: "set field by field",
}
# Names for messages; the options of rules and models are listed by `check_own_fields`.
KNOWN = [*default.WORDS[:2], *(field for field in default.FIELDS if "*" not in field)]
KNOWN += [f"optimizer.{name}" for name in optimizer_fields()] + ["feedback_optimizer.name"]
KNOWN = list(dict.fromkeys(KNOWN))
PARSERS = {bool: flags.BooleanParser(), int: flags.IntegerParser(), float: flags.FloatParser()}


class Chosen(NamedTuple):
    """What all settings of a sweep share, unless a setting says otherwise.

    Attributes:
        words: RULE, MODEL and DATASET.
        fields: `{field: value}` of the fields that are set beside the words.
    """

    words: tuple[str, str, str]
    fields: dict


def make_config(chosen, setting):
    """The configuration of one setting, valid, as a nested plain dict.

    Args:
        chosen: a `Chosen`.
        setting: `{field: value}`; it may also choose other words.

    Raises:
        UserError: a field is unknown or cannot be swept, or a value is not valid.
    """
    forbidden = ", ".join(NOT_SWEPT & setting.keys())
    require(not forbidden, f"{forbidden} cannot be swept")
    for field, value in setting.items():
        message = f"{field} must be a number, a word, true or false, or a list, got {value!r}"
        require(value is not None and not isinstance(value, dict), message)
    given = chosen.fields | setting
    words = _words(chosen, setting)
    default.check_moved(given)
    check_moved(words[0], [f.partition(".")[2] for f in given if f.startswith("rule.")])
    check_own_fields(words, given)
    config = default.get_config(",".join(map(str, words)))
    config.lock()
    for field, value in given.items():
        if field not in default.WORDS:
            _set_field(config, field, value)
    plain = default.as_plain(config, given)
    check_config(plain)
    return plain


def check_own_fields(words, fields):
    """Raises a `UserError` that lists the valid fields if the rule or the model lacks one.

    Args:
        words: RULE, MODEL and DATASET.
        fields: names of fields, of any group.
    """
    owners = zip(("rule", "model"), words, (rule_options, model_options), strict=False)
    for group, name, options in owners:  # a word may be missing
        own = [f for f in fields if f.startswith(f"{group}.") and f not in default.WORDS]
        valid = [f"{group}.{option}" for option in options(name)] if own else []
        for field in own:
            there = f"{group} {name!r} has {', '.join(valid) or 'none'}"
            require(field in valid, f"the configuration has no such field: {field}; {there}")


def hint(field):
    """Ends a message about an unknown field: what may be meant, and where all fields are listed.

    Fields with the same last word are meant, or with its letters as initials (`lr`), or those
    spelt alike.
    """
    group, _, word = field.rpartition(".")
    same = [name for name in KNOWN if word in _short_names(name)]
    near = [name for name in same if name.startswith(f"{group}.")] or same
    near = near or get_close_matches(field, KNOWN, n=1)
    return f"; did you mean {' or '.join(near[:3])}? (see --help)" if near else " (see --help)"


def _short_names(field):
    """`optimizer.learning_rate` -> `learning_rate` and `lr`."""
    word = field.rpartition(".")[2]
    return word, "".join(part[:1] for part in word.split("_") if "_" in word)


def command_line(chosen, setting, workdir):
    """The command that trains one setting by itself."""
    as_text = lambda value: str(value).replace(" ", "") if isinstance(value, tuple) else value
    fields = [
        f"--config.{field}={as_text(value)}"
        for field, value in (chosen.fields | setting).items()
        if field not in default.WORDS
    ]
    config = f"--config=configs/default.py:{','.join(_words(chosen, setting))}"
    return shlex.join(
        ["python", "-m", "experiments.train", config, f"--workdir={workdir}", *fields]
    )


def _words(chosen, setting):
    return [setting.get(f, word) for f, word in zip(default.WORDS, chosen.words, strict=True)]


def _set_field(config, field, value):
    try:
        kind = config_path.get_type(field, config)
    except (AttributeError, KeyError) as error:
        raise UserError(f"the configuration has no field {field}{hint(field)}") from error
    try:
        config.update_from_flattened_dict({field: _as_read(value, kind)})
    except (TypeError, ValueError) as error:
        own = [name for name in KNOWN if name.startswith(f"{field}.")]
        such = f"; for example {own[0]}" if own else ""
        raise UserError(f"{field} must be {KINDS[kind]}, got {value!r}{such}") from error


def _as_read(value, kind):
    """A value as --config reads it: one value also stands for a list of one, a word for a bool."""
    if kind is tuple and not isinstance(value, (list, tuple)):
        return (value,)
    is_text = isinstance(value, str) and kind in PARSERS
    return PARSERS[kind].parse(value) if is_text or kind is bool else value

"""Options given by name: which ones there are, and whether their values are valid."""

import copy
import inspect
from dataclasses import MISSING, fields
from typing import Literal, get_args, get_origin, get_type_hints

from pepita_jax.errors import require, require_number


def keyword_options(function):
    """The keyword-only parameters of `function`: `{name: default}`."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def field_options(dataclass):
    """The fields of a dataclass that have a default: `{name: default}`."""
    return {f.name: f.default for f in fields(dataclass) if f.default is not MISSING}


def check_options(owner, options, valid):
    """Raises a `UserError` that lists the `valid` names if one of `options` is not among them."""
    unknown = [name for name in options if name not in valid]
    listing = f"valid: {', '.join(sorted(valid))}" if valid else "it has none"
    require(not unknown, f"{owner} has no option {', '.join(map(repr, unknown))}; {listing}")


def check_field_values(owner, options, dataclass):
    """Raises a `UserError` if a value is not one of its field's `Literal`, or not its number."""
    for name, hint in get_type_hints(dataclass).items():
        if name in options and get_origin(hint) is Literal:
            listing = ", ".join(map(str, get_args(hint)))
            message = f"{owner}.{name} = {options[name]!r} is not valid; valid: {listing}"
            require(options[name] in get_args(hint), message)
        elif name in options and hint is float:
            require_number(f"{owner}.{name}", options[name])


def with_fields(record, **fields):
    """A copy of a frozen dataclass with some fields replaced, unchecked: what is traced by JAX
    cannot be compared with anything."""
    new = copy.copy(record)
    for name, value in fields.items():
        object.__setattr__(new, name, value)
    return new


def flatten(config, prefix=""):
    """Nested dict -> `{"a.b": value}`; unset fields are left out."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat

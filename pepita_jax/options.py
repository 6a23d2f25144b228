"""Options by name: which ones exist, and whether their values are valid."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import jax
import numpy as np

from pepita_jax.errors import list_valid, require, require_int, require_number


def keyword_options(function: Callable) -> dict[str, Any]:
    """The keyword-only parameters of `function`: `{name: default}`."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def field_options(dataclass: Any) -> dict[str, Any]:
    """The fields of a dataclass that have a default: `{name: default}`."""
    return {f.name: f.default for f in fields(dataclass) if f.default is not MISSING}


def check_options(owner: str, options: Collection[str], valid: Collection[str]) -> None:
    """Raises a `UserError` that lists the `valid` names if one of `options` is not among them."""
    unknown = [name for name in options if name not in valid]
    listing = f"valid: {list_valid(next(iter(unknown), ''), valid)}" if valid else "it has none"
    require(not unknown, f"{owner} has no option {', '.join(map(repr, unknown))}; {listing}")


def check_field_values(owner: str, record: Any) -> None:
    """Raises a `UserError` if a dataclass holds a value that its field's annotation excludes.

    A field annotated with `Literal` takes only the values listed there, `float` any finite number,
    `int` integers from 1. A JAX array passes unchecked: it holds numbers of a sweep, each of which
    was checked before.
    """
    for name, kind in field_kinds(type(record)).items():
        value = getattr(record, name)
        if kind is float:
            require_number(f"{owner}.{name}", value)
        elif kind is int:
            require_int(f"{owner}.{name}", value, 1)
        elif get_origin(kind) is Literal and not isinstance(value, jax.Array):
            listing = ", ".join(map(str, get_args(kind)))
            message = f"{owner}.{name} = {value!r} is not valid; valid: {listing}"
            require(not isinstance(value, np.ndarray) and value in get_args(kind), message)


def is_numeric(kind: Any) -> bool:
    """Whether a field's annotation allows numbers alone: `float`, or a `Literal` of numbers."""
    is_number = lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
    return kind is float or (get_origin(kind) is Literal and all(map(is_number, get_args(kind))))


@cache
def field_kinds(dataclass: Any) -> dict[str, Any]:
    """The annotations of a dataclass's fields."""
    hints = get_type_hints(dataclass)
    return {field.name: hints[field.name] for field in fields(dataclass)}


def flatten(config: dict, prefix: str = "") -> dict[str, Any]:
    """Flattens a nested dict to `{"a.b": value}`; unset fields (None) are left out."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat

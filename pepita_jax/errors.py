"""Exceptions that end a command with one line, and the checks that raise them."""

import math
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

import jax
import numpy as np

LONGEST_LIST = 150  # characters that a message spends on valid names


class UserError(ValueError):
    """A mistake of the user. Its one line says what was wrong and what is valid.

    Commands print the line without a traceback and exit with `exit_status`. Any other exception is
    a bug and keeps its traceback.
    """

    exit_status = 2


class DivergedError(UserError):
    """No seed of a run has finite weights any more."""

    exit_status = 3


class StoppedError(UserError):
    """A run stopped because it was asked to; all finished epochs are saved."""

    exit_status = 130  # as after Ctrl-C


def look_up(kind: str, name: Any, table: Mapping[str, Any]) -> Any:
    """Returns `table[name]`; an unknown name raises a `UserError` that lists the valid ones."""
    require_name(kind, name, table)
    return table[name]


def require_name(kind: str, name: Any, valid: Collection[str]) -> None:
    """Raises a `UserError` that lists the `valid` names if `name` is not among them."""
    is_known = isinstance(name, str) and name in valid
    require(is_known, f"unknown {kind} {name!r}; valid: {list_valid(name, valid)}")


def list_valid(name: Any, valid: Collection[str]) -> str:
    """The valid names, sorted; of many, only those nearest to `name`, and how many more."""
    names = sorted(valid)
    if len(listing := ", ".join(names)) <= LONGEST_LIST:
        return listing
    near = get_close_matches(str(name), names, n=5, cutoff=0)
    return f"{', '.join(near)} and {len(names) - len(near)} more"


def require(condition: Any, message: str) -> None:
    """Raises `UserError(message)` unless `condition` holds."""
    if not condition:
        raise UserError(message)


def require_int(name: str, value: Any, minimum: int, maximum: int = 2**31 - 1) -> None:
    """Raises a `UserError` unless `value` is an integer from `minimum` to `maximum`."""
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    message = f"{name} must be an integer of at least {minimum}, got {value!r}"
    require(is_int and value >= minimum, message)
    require(value <= maximum, f"{name} must be at most {maximum}, got {value}")


def require_number(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
) -> None:
    """Raises a `UserError` unless `value` is a finite number in that range, also as a float32.

    A JAX array passes unchecked. It holds numbers of a sweep, each of which was checked before, and
    traced numbers cannot be compared.
    """
    if isinstance(value, jax.Array):
        return
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    message = f"{name} must be a finite number, got {value!r}"
    require(is_number and math.isfinite(used := _as_float32(value)), message)
    require(used > above, f"{name} must be above {above}, got {value}")
    require(value >= at_least, f"{name} must be at least {at_least}, got {value}")
    require(used < below, f"{name} must be below {below}, got {value}")


def _as_float32(value):
    try:
        with np.errstate(over="ignore"):
            return float(np.float32(value))
    except OverflowError:  # a large integer
        return math.inf

"""From what a user writes to settings, one dict `{field: value}` each."""

import ast
import itertools
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pepita_jax.errors import UserError, require, require_int
from pepita_jax.files import file_errors, user_path

# Fields of a whole sweep, in which its settings cannot differ.
NOT_SWEPT = {"num_seeds", "num_epochs", "checkpoint_every", "tensorboard", "data_dir"}
NOT_SWEPT |= {"validation_fraction", "seeds_at_once", "log_alignment", "matmul_precision"}
# A comma that is not inside brackets, and has an even number of quotes after it.
BETWEEN_VALUES = re.compile(r""",(?![^(\[]*[)\]])(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")
DISTRIBUTIONS = ("uniform", "log_uniform")


class Range(NamedTuple):
    """Numbers between `low` and `high`; they or, if `log`, their logarithms are drawn uniformly."""

    low: float
    high: float
    log: bool

    def draw(self, random: np.random.Generator) -> float:
        """Draws a number from the range."""
        if self.log:
            return float(np.exp(random.uniform(*np.log([self.low, self.high]))))
        return random.uniform(self.low, self.high)


def make_settings(
    axes: dict[str, str],
    listed: Sequence[dict] = ({},),
    num_samples: int | None = None,
    seed: int = 0,
) -> list[dict]:
    """Every combination of the axes' values with each other and with each listed setting.

    Args:
        axes: `{field: text}`; the text is values with commas between them, or `uniform:LOW:HIGH`,
            or `log_uniform:LOW:HIGH`.
        listed: settings, from `read_settings`.
        num_samples: the number of draws from all distributions, which cannot do without; each
            draw gives a whole grid.
        seed: root of the draws.

    Raises:
        UserError: an axis is empty or is not understood, or one of its fields is also listed.
    """
    read = read_axes(axes, listed)
    drawn = {field: values for field, values in read.items() if isinstance(values, Range)}
    field = next(iter(drawn), "FIELD")
    if num_samples is None:
        message = f"--sweep.{field}={axes.get(field)} needs --num_samples=N, the number of draws"
        require(not drawn, f"{message}; or let --sampler choose them")
    else:
        require_int("--num_samples", num_samples, 1)
        message = "--num_samples needs an axis such as --sweep.FIELD=log_uniform:LOW:HIGH"
        require(drawn or num_samples == 1, message)
    grid = {field: values for field, values in read.items() if isinstance(values, list)}
    random, settings = np.random.default_rng(seed), []
    for _ in range(num_samples or 1):
        sample = {field: values.draw(random) for field, values in drawn.items()}
        for *values, more in itertools.product(*grid.values(), listed):
            chosen = sample | dict(zip(grid, values, strict=True))
            settings.append({field: chosen[field] for field in axes} | more)
    seen = set()
    for text in map(repr, settings):
        require(text not in seen, f"a setting is given twice: {text}")
        seen.add(text)
    return settings


def read_axes(axes: dict[str, str], listed: Sequence[dict] = ({},)) -> dict[str, list | Range]:
    """`{field: values}`, a list or a `Range` each; see `make_settings`."""
    require(axes or any(listed), "nothing is swept: give --sweep.FIELD=VALUES or --settings=FILE")
    twice = ", ".join(field for field in axes if any(field in setting for setting in listed))
    require(not twice, f"{twice} is in the file of settings and in --sweep: give it once")
    is_drawn = {field: text.partition(":")[0] in DISTRIBUTIONS for field, text in axes.items()}
    return {f: (_range if is_drawn[f] else _values)(f, text) for f, text in axes.items()}


def merge(settings: Iterable[dict]) -> list[str]:
    """The fields of all settings, in the order in which they first appear."""
    return list(dict.fromkeys(field for setting in settings for field in setting))


def read_settings(path: Any) -> list[dict]:
    """Settings from a file of JSON lines, an object `{field: value}` each.

    Raises:
        UserError: the file cannot be read, or a line is not such an object.
    """
    path = user_path(path)
    with file_errors(path, "read"):
        lines = path.read_bytes().splitlines()
    try:
        settings = [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise UserError(f"{path} is not made of JSON lines ({error})") from error
    require(settings, f"{path} holds no settings")
    for setting in settings:
        message = f"each line of {path} must be an object {{field: value}}, got {setting!r}"
        require(isinstance(setting, dict) and setting, message)
        is_tuple = {field: isinstance(value, list) for field, value in setting.items()}
        setting.update({f: tuple(setting[f]) for f in setting if is_tuple[f]})
    return settings


def _values(field, text):
    """Values with commas between them: numbers, tuples, True and False; all else is text.

    A text with commas stands in quotes.
    """
    values = [_value(part.strip()) for part in BETWEEN_VALUES.split(text)]
    require(values and "" not in values, f"--sweep.{field} has an empty value")
    message = f"--sweep.{field} has a value twice"
    require(len(set(map(repr, values))) == len(values), message)
    return values


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _range(field, text):
    name, *bounds = text.split(":")
    message = f"--sweep.{field} must be {name}:LOW:HIGH with numbers LOW < HIGH, got {text!r}"
    try:
        low, high = map(float, bounds)
    except ValueError as error:
        raise UserError(message) from error
    require(-np.inf < low < high < np.inf, message)
    require(name == "uniform" or low > 0, f"{message}; LOW must be positive")
    return Range(low, high, name == "log_uniform")

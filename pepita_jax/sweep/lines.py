"""What of a sweep can be drawn, and as which lines."""

import numpy as np

from pepita_jax.styles import COLORS, NUM_PLAIN, line_styles, number_style
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.comparison import describe
from pepita_jax.sweep.numbers import is_number
from pepita_jax.sweep.results import is_left


def why_no_plot(ranking: list[dict], settings: list[dict]) -> str:
    """Why settings cannot be drawn; empty if they can."""
    numbers, words = swept_fields(settings)
    if not any(map(is_left, ranking)):
        return "no seed is left"
    if not numbers:
        fields = ", ".join(words)
        return f"{fields}: not a number in every setting" if words else "there is one setting"
    if len(numbers) > 2 or (len(numbers) == 2 and words):
        fields = ", ".join(numbers + words)
        return f"two numbers, or one and words, can be drawn; swept are {fields}"
    lines = len(_combinations(settings, words))
    return "" if lines <= NUM_PLAIN else f"{lines} lines would be too many"


def swept_fields(settings: list[dict]) -> tuple[list[str], list[str]]:
    """The fields that differ: those that are a number in every setting, and the others."""
    fields = [f for f in merge(settings) if len({repr(s.get(f)) for s in settings}) > 1]
    numbers = [f for f in fields if all(is_number(s.get(f)) for s in settings)]
    return numbers, [f for f in fields if f not in numbers]


def _combinations(settings, words):
    """Numbers of the settings that have the same words, by the first of them."""
    found = {}
    for i, setting in enumerate(settings):
        found.setdefault(repr([setting.get(field) for field in words]), []).append(i)
    return list(found.values())


def sweep_lines(
    ranking: list[dict], settings: list[dict], words: list[str]
) -> list[tuple[str | None, dict, np.ndarray]]:
    """`(label, style, places in the ranking)` of each combination of words; without words, None."""
    combinations = _combinations(settings, words)
    chosen = [{f: settings[members[0]].get(f) for f in words} for members in combinations]
    rules = [str(values.get("rule.name")) for values in chosen]
    styles = line_styles(rules) if "rule.name" in words else map(number_style, range(len(chosen)))
    styles = styles if words else [{"color": COLORS[2], "marker": "o"}]
    labels = [describe(values) or "unset" for values in chosen] if words else [None]
    place = {row["setting"]: i for i, row in enumerate(ranking)}
    places = [np.array([place[i] for i in members]) for members in combinations]
    return list(zip(labels, styles, places, strict=True))

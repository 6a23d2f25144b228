"""Numbers, durations and lists in words."""

from collections.abc import Iterable


def counted(number: int, thing: str) -> str:
    """`1 seed`, `2 seeds`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def describe_time(seconds: float) -> str:
    """A duration: `40 s`, `2 min 5 s`, `12 min`, `1 h 25 min`."""
    if round(seconds) < 120:
        return f"{round(seconds)} s"
    if round(seconds) < 600:
        return "{} min {} s".format(*divmod(round(seconds), 60))
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def list_some(words: Iterable[str], separator: str = ", ", most: int = 10) -> str:
    """The first `most` of some words, and how many more there are."""
    words = list(words)
    more = [f"{len(words) - most} more"] if len(words) > most else []
    return separator.join(words[:most] + more)

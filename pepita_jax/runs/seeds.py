"""Ranges of seeds: their names on disk, and ranges that make up others."""

import re
from collections.abc import Iterable
from pathlib import Path

from pepita_jax.errors import require

SEEDS = re.compile(r"seeds_(\d+)-(\d+)")


def name_of_seeds(seeds: range) -> str:
    """A range of seeds as the name of a file."""
    return f"seeds_{seeds.start}-{seeds.stop - 1}"


def seeds_of_name(name: str) -> range | None:
    """The range that `name_of_seeds` gave this name; None for any other name."""
    match = SEEDS.fullmatch(name)
    return range(int(match[1]), int(match[2]) + 1) if match else None


def overlap(one: range, other: range) -> bool:
    """Whether two ranges have seeds in common."""
    return one.start < other.stop and other.start < one.stop


def fill_up(found: Iterable[range], seeds: range, path: Path) -> list[range]:
    """Ranges that together make up `seeds`: those of the groups, and the gaps between them.

    Args:
        found: ranges of the groups, in their order.
        seeds: a range.
        path: the workdir, for the error if a group has seeds beyond `seeds`.
    """
    filled, next_seed = [], seeds.start
    for there in found:
        if not overlap(there, seeds):
            continue
        message = f"seeds {there.start} to {there[-1]} are trained together in {path}: take all"
        require(seeds.start <= there.start and there.stop <= seeds.stop, message)
        filled += [range(next_seed, there.start), there]
        next_seed = there.stop
    filled.append(range(next_seed, seeds.stop))
    return [part for part in filled if part]

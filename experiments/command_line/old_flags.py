"""Flags that have another name now; for one release the old name still works."""

import re
import sys

from absl import flags

from pepita_jax.errors import require

RENAMED = {"max_runs": "max_seeds", "runs_per_job": "seeds_per_job"}


def rename(arguments: list[str]) -> list[str]:
    """A command line with new names for old ones, each of which is told on standard error.

    Raises:
        UserError: a flag is given by both names.
    """
    for old, new in RENAMED.items():
        names = {_name(argument) for argument in arguments}
        message = f"--{old} is --{new} now: give one of them"
        require(not ({old, new} <= names and old not in flags.FLAGS), message)
    return [_rename(argument) for argument in arguments]


def _rename(argument):
    old = _name(argument)
    new = RENAMED.get(old)
    if new is None or old in flags.FLAGS or new not in flags.FLAGS:
        return argument
    print(f"--{old} is --{new} now; the old name will go", file=sys.stderr)
    return argument.replace(old, new, 1)


def _name(argument):
    match = re.match(r"--?(\w+)(?==|$)", argument)
    return match and match[1]

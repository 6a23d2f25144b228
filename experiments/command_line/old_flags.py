"""Flags that were renamed; the old name still works for one release."""

import re
import sys

from absl import flags

from pepita_jax.errors import require

RENAMED = {"max_runs": "max_seeds", "runs_per_job": "seeds_per_job"}


def rename(arguments: list[str]) -> list[str]:
    """The command line with new names in place of old ones; says so on standard error.

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
    print(f"--{old} is --{new} now; the old name will be removed", file=sys.stderr)
    return argument.replace(old, new, 1)


def _name(argument):
    match = re.match(r"--?(\w+)(?==|$)", argument)
    return match and match[1]

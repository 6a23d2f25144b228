"""A search: a sampler chooses the settings, one round of them at a time."""

import itertools
import sys
from dataclasses import replace

from absl import flags

from experiments.command_line.sweep_configs import make_configs, with_split
from experiments.command_line.sweep_training import train_groups
from pepita_jax.errors import require
from pepita_jax.runs.locks import alone
from pepita_jax.sweep.groups import make_groups
from pepita_jax.sweep.results import rank
from pepita_jax.sweep.search import SAMPLERS, Search, examples
from pepita_jax.words import counted

SAMPLER = flags.DEFINE_enum(
    "sampler",
    None,
    SAMPLERS,
    "sampler of Optuna that chooses settings, in place of a grid (extra: search)",
)
TRIALS = flags.DEFINE_integer("trials", None, "number of settings that a search tries", 1)
AT_ONCE = flags.DEFINE_integer("at_once", 8, "number of a search's settings that train together", 1)
STUDY_FILE = "study.db"
WORST = 0.0  # the accuracy that a sampler is told for a setting with a diverged seed


def check_flags(num_samples):
    """Raises a `UserError` if a flag of a search is missing, or would have no effect.

    Args:
        num_samples: the flag --num_samples.
    """
    for flag in (TRIALS, AT_ONCE):
        message = f"--{flag.name} is for a search: give --sampler={'|'.join(SAMPLERS)} too"
        require(SAMPLER.value or not flag.present, message)
    if SAMPLER.value:
        require(TRIALS.value, f"--sampler={SAMPLER.value} needs --trials=N")
        message = "--num_samples is for sweeps without --sampler; a search needs --trials"
        require(not num_samples.present, message)


def train_rounds(root, axes, listed, seed, split, halving, show):
    """Trains the settings that the sampler asks for, round by round, until all trials are done.

    After each round the sampler is told the accuracies.

    Args:
        root: of the sweep.
        axes: `{field: values}`, see `read_axes`.
        listed: settings; each trial is combined with one of them.
        seed: of the sampler.
        split, halving, show: see `train_groups`.

    Returns:
        Settings, configurations and rows of all trials; None if jobs were only printed.
    """
    settings, configs, rows = [], [], []
    with alone(root, patience=0):
        search = Search(root / STUDY_FILE, SAMPLER.value, axes, listed, seed)
        message = f"{root} holds a search of {counted(sum(search.sizes), 'trial')}"
        is_more = TRIALS.value >= sum(search.sizes)
        require(is_more, f"{message}; --trials can be raised, not lowered")
        for number in itertools.count():
            first = len(settings)
            if first == TRIALS.value:
                return settings, configs, rows
            settings += search.ask(number, min(AT_ONCE.value, TRIALS.value - first))
            configs += make_configs(settings[first:])
            groups = _make_groups(configs[first:], first, split, examples(axes, listed))
            span = f"trials {first} to {len(settings) - 1} of {TRIALS.value}"
            print(f"round {number}: {span}, in {count_programs(groups)}", file=sys.stderr)
            show_all = lambda found, before=tuple(rows): show([*before, *found])
            how = settings, split, halving, show_all
            found = train_groups(root / f"round_{number}", groups, *how)
            if found is None:
                return None
            search.tell(number, values_to_tell(found, settings, split)[first:])
            rows += found


def count_programs(groups):
    """The number of compiled programs that some groups need, in words."""
    return counted(len(groups), "compiled program")


def _make_groups(configs, first, split, shown):
    """The groups of a round, whose settings are counted from `first`.

    A group's own configuration has values of the swept fields, too. They come from the settings
    `shown`, which are the same in all rounds.
    """
    shared = {field: value for setting in reversed(shown) for field, value in setting.items()}
    groups = make_groups([with_split(config) for config in configs], split, shared)
    return [replace(group, indices=[first + i for i in group.indices]) for group in groups]


def values_to_tell(rows, settings, split):
    """The accuracy to tell the sampler, for each setting that has rows."""
    ranking = sorted(rank(rows, settings, split), key=lambda row: row["setting"])
    return [WORST if row["diverged"] else row["mean"] for row in ranking]

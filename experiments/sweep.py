"""Trains every combination of some values of the configuration's fields, all seeds of each.

    python -m experiments.sweep --config=configs/default.py:pepita,mlp,mnist --workdir=DIR \\
        --sweep.optimizer.learning_rate=0.01,0.03,0.1 --sweep.rule.feedback_scale=0.02,0.05

Separate values by commas, or draw them: --sweep.FIELD=log_uniform:1e-4:1e-1 (or
uniform:) with --num_samples=32. --settings=FILE has JSON lines {"FIELD": VALUE, ...}; each is
combined with all of these. Settings that differ only in numbers (the learning rate, the optimizer's
other numbers, dropout, the rule's numbers, the seed) train side by side in one compiled program.

The sweep chooses the best setting on a validation split: the last tenth of the training set, or
--config.validation_fraction. It then trains that setting on the whole training set, and tests it
once. A setting with a diverged seed ranks below all settings without one; a setting whose seeds
have all diverged is never chosen. The exit status is 3 if no setting has a seed left, or if all
seeds of the chosen settings diverge in their own runs.

DIR then holds sweep.csv, with one row per setting and seed; sweep.png, for one or two numeric
fields; best.csv; best_N, the workdir of setting N trained on the whole set; and one workdir per
group of settings. Press Ctrl-C once to stop after the current epoch, twice to stop immediately. To
resume, repeat the command; num_epochs and num_seeds may be higher then. Tuples need quotes:
"--sweep.model.hidden=(64,),(32,32)".
"""

import itertools
import json
import sys
from contextlib import suppress

from absl import flags
from ml_collections import config_flags

from configs import default
from configs.settings import Chosen, command_line, make_config
from experiments import train
from experiments.command_line import cli, config_flag, launch
from experiments.command_line.sweep_tables import show_best, show_ranking
from pepita_jax.errors import DivergedError, UserError, require
from pepita_jax.files import file_errors, user_path
from pepita_jax.runs.experiment import check_config
from pepita_jax.runs.summary import write_summary_and_plots
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.axes import make_settings, read_settings
from pepita_jax.sweep.comparison import (
    best_of_each,
    check_fields,
)
from pepita_jax.sweep.folder import claim
from pepita_jax.sweep.groups import make_groups
from pepita_jax.sweep.results import is_left, setting_rows, write_csv

SETTINGS = flags.DEFINE_string("settings", None, "file of settings, JSON lines {field: value}")
SAMPLES = flags.DEFINE_integer("num_samples", 1, "draws from uniform: and log_uniform: axes")
MAX_SEEDS = flags.DEFINE_integer("max_seeds", 1000, "most seeds to train, those of all settings")
SELECT = flags.DEFINE_enum(
    "select_on", "validation", ["validation", "test"],
    "split that the best setting is chosen on; test only to repeat a paper that did so",
)  # fmt: skip
COMPARE = flags.DEFINE_list(
    "compare",
    [],
    "choose the best setting for each value of these fields, and compare them",
)
FINAL_SEEDS = flags.DEFINE_integer(
    "final_seeds", None, "seeds of the best settings' own runs; default: num_seeds", 1
)
PREFIX = "--sweep."  # or with one dash, as for any flag
VALIDATION_FRACTION = 0.1


def main(arguments, axes):
    cli.refuse(arguments)
    launch.begin()
    resume = "to resume a sweep, repeat its whole command"
    require(train.CONFIG.value is not None, f"{config_flag.USAGE} is needed; {resume}")
    base = train.read_config()
    message = f"a sweep begins from {config_flag.USAGE}, not from another file"
    require(config_flag.is_from(default), message)
    require(train.WORKDIR.value, "--workdir=DIR is needed")
    require(train.SEEDS.value is None, "--seeds is for experiments.train; see --seeds_per_job")
    listed = [{}] if SETTINGS.value is None else read_settings(SETTINGS.value)
    settings = make_settings(axes, listed, SAMPLES.value, base["seed"])
    check_fields(COMPARE.value, settings)
    total = len(settings) * base["num_seeds"]
    message = f"{len(settings)} settings with {base['num_seeds']} seeds each are {total} seeds"
    require(total <= MAX_SEEDS.value, f"{message}, more than --max_seeds={MAX_SEEDS.value}")
    configs = make_configs(settings)

    root, split = user_path(train.WORKDIR.value), SELECT.value
    groups = make_groups([with_split(config, split) for config in configs], split)
    claim(root, configs[0], settings, split)
    programs = f"{len(groups)} compiled program" + ("s" if len(groups) > 1 else "")
    print(f"{message}, in {programs}", file=sys.stderr)
    rows = train_groups(root, groups, settings)
    if rows is None:
        return
    ranking = show_ranking(root, rows, settings, split)
    best = best_of_each(ranking, settings, COMPARE.value)
    more = {"num_seeds": FINAL_SEEDS.value or base["num_seeds"]}
    chosen = {r["setting"]: configs[r["setting"]] | more for r in best.values() if is_left(r)}
    if not chosen:
        raise DivergedError(f"no setting has a seed left: all {total} seeds have diverged")
    summaries = test(root, chosen)
    if summaries is not None:
        repeat = lambda setting, workdir: command_line(read_chosen(), setting, workdir)
        show_best(root, best, settings, COMPARE.value, split, summaries, repeat)
        if all(len(s["diverged"]) == s["num_seeds"] for s in summaries.values()):
            which = "the best setting" if len(summaries) == 1 else "the best settings"
            raise DivergedError(f"all seeds of {which} have diverged on the whole training set")


def train_groups(root, groups, settings):
    """Trains all groups, and gathers what is there whenever a job is done; returns all rows.

    None where jobs have only been printed.
    """
    groups = {root / f"group_{number}": group for number, group in enumerate(groups)}
    read = lambda path: setting_rows(groups[path], Workdir(path).read(), settings)
    found = {}

    def gather(job):
        with suppress(UserError):  # the group's first seeds may not be there yet
            found[job.path] = read(job.path)
        with file_errors(root):
            write_csv(root / "sweep.csv", itertools.chain(*found.values()))

    configs = {path: group.config for path, group in groups.items()}
    if not launch.train_all(configs, root, gather):
        return None
    return [row for path in groups for row in read(path)]


def test(root, chosen):
    """Trains settings on the whole training set; returns their summaries.

    None where jobs have only been printed.

    Args:
        root: of the sweep.
        chosen: `{number of the setting: configuration}`.
    """
    paths = {index: root / f"best_{index}" for index in chosen}
    if not launch.train_all({paths[index]: chosen[index] for index in chosen}, root):
        return None
    summaries = {}
    for index, path in paths.items():
        workdir = Workdir(path)
        workdir.prepare(chosen[index])
        summaries[index] = workdir.write_results(write_summary_and_plots)
    return summaries


def make_configs(settings):
    """The configuration of each setting; an error names the setting if a file lists it."""
    configs = []
    for setting in settings:
        try:
            configs.append(make_config(read_chosen(), setting))
        except UserError as error:
            where = f"{SETTINGS.value}, {json.dumps(setting)}: " if SETTINGS.value else ""
            raise UserError(f"{where}{error}") from error
    return configs


def read_chosen():
    """What the command line says of all settings, a `Chosen`."""
    config = train.CONFIG.value
    words = (config.rule.name, config.model.name, config.dataset)
    return Chosen(words, config_flags.get_override_values(flags.FLAGS["config"]))


def with_split(config, split):
    """The same with a validation split, if settings are chosen on it."""
    if split == "validation" and not config["validation_fraction"]:
        config = config | {"validation_fraction": VALIDATION_FRACTION}
        check_config(config)
    return config


def read_axes(arguments):
    """`{field: values}` of the arguments --sweep.FIELD=VALUES."""
    axes = {}
    for argument in arguments:
        field, _, values = argument.partition(".")[2].partition("=")
        require(field and values, f"{argument} should be {PREFIX}FIELD=VALUE,VALUE,...")
        require(field not in axes, f"{PREFIX}{field} is given twice")
        axes[field] = values
    return axes


def describe():
    shared = cli.describe_flags(train.__name__, leave_out=("seeds",))
    own, where = map(cli.describe_flags, (__name__, launch.__name__))
    return "\n".join([__doc__, own, shared, where])


if __name__ == "__main__":
    # Their names are any field's, so no flag can be defined for them.
    swept = [a for a in sys.argv if a.startswith((PREFIX, PREFIX[1:]))]
    sys.argv = [argument for argument in sys.argv if argument not in swept]
    cli.start(lambda arguments: main(arguments, read_axes(swept)), describe)

"""Trains all seeds of one rule on one data set.

    python -m experiments.train --config=configs/default.py:pepita,mlp,digits --workdir=runs/digits

The part after the colon, RULE,MODEL,DATASET, selects a rule, a model and a data set. Its settings
are those of the paper's Table 2, where the table has some. The digits need no preparation; other
sets do: see `python -m experiments.prepare_data --help`. RULE may also be a class of your own, such
as my_rules.MyRule, and DATASET may be your own data. Set any other field of the configuration with
--config.FIELD=VALUE. The fields are explained below.

The folder --workdir then holds summary.json (test accuracy), curves.png (learning curves),
metrics.jsonl (one row per epoch and seed), config.json and the checkpoints.

Press Ctrl-C once to stop after the current epoch, twice to stop immediately. To resume, repeat the
command, or give --workdir=DIR alone; on a CPU the result is bit-for-bit the same. To train longer,
or to train more seeds, add --config.num_epochs=200 or --config.num_seeds=20.

With --seeds=0:5 the command trains seeds 0 to 4 only. Processes on several machines can thus train
parts of one run, if they share its folder. --launcher starts such jobs, with at most
--seeds_per_job seeds each.
"""

import sys
from inspect import cleandoc
from textwrap import indent

from absl import flags
from ml_collections import ConfigDict, config_flags

from configs import default, saved
from configs.fields import FIELDS, SECTIONS
from experiments.command_line import cli, config_flag, launch, signals
from pepita_jax.errors import require
from pepita_jax.files import user_path
from pepita_jax.rules import RULES, find_rule
from pepita_jax.runs.experiment import check_config
from pepita_jax.runs.run import run
from pepita_jax.runs.same_run import SWEEP_FILE
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.groups import builder
from pepita_jax.tables import summary_table
from pepita_jax.training.optimizers import OPTIMIZERS
from pepita_jax.words import list_some

CONFIG = config_flags.DEFINE_config_file(
    "config", None, "configuration file: configs/default.py:RULE,MODEL,DATASET"
)
WORKDIR = flags.DEFINE_string("workdir", None, "folder for the results; it is created if needed")
SEEDS = flags.DEFINE_string(
    "seeds", None, "FIRST:END trains the seeds FIRST to END - 1; default: all"
)


def main(arguments):
    cli.refuse(arguments)
    launch.begin()
    require(WORKDIR.value, "--workdir=DIR is needed")
    path = user_path(WORKDIR.value)
    require(not (path / SWEEP_FILE).exists(), f"{path} holds a sweep: use another --workdir")
    config = read_config()
    check_config(config)
    seeds = cli.read_seeds(SEEDS.value, config["num_seeds"])
    if launch.LAUNCHER.value != "here" and not launch.train_all({path: config}, path, seeds=seeds):
        return
    with signals.stopping_gently() as should_stop:
        summary = run(config, path, should_stop, seeds, build=builder(config))
    if summary:
        print(f"\n{summary_table([summary])}\n\n{WORKDIR.value}: summary.json, curves.png")
    elif missing := Workdir(path).unfinished(config):
        which = list_some(f"{seeds.start} to {seeds[-1]}" for seeds in missing)
        print(f"seeds {which} of {path} are not done yet", file=sys.stderr)


def with_saved_config(arguments):
    """The arguments, with the configuration in --workdir if they name none."""
    workdirs = config_flag.values_of("workdir", arguments)
    if config_flag.values_of("config", arguments) or not any(workdirs):
        return arguments
    return [f"--config={saved.__file__}:{workdirs[-1]}", *arguments]


def read_config():
    """The configuration as a nested plain dict."""
    require(CONFIG.value is not None, f"{config_flag.USAGE} is needed")
    config, overrides = CONFIG.value, config_flags.get_override_values(flags.FLAGS["config"])
    chosen = ", ".join(field for field in default.WORDS if field in overrides)
    require(not chosen, f"choose {chosen} by RULE,MODEL,DATASET after the colon of --config")
    missing = ", ".join(set(default.get_config()) - set(config))
    require(not missing, f"the configuration lacks the fields {missing}")
    # In a saved configuration, unset fields are meant to be unset.
    of_defaults = ["optimizer.momentum", "schedule.epochs", "schedule.factor"]
    known = of_defaults if config_flag.is_from(saved) else []
    return default.as_plain(config, [*overrides, *known])


def describe():
    """The text of --help: fields and rule are those of the words on the command line."""
    files = config_flag.values_of("config", sys.argv[1:])
    words = [f.partition(":")[2] for f in files if f and "default.py:" in f]
    choice = words[-1] if words else "pepita,mlp,mnist"
    config = default.get_config(choice)
    sections = [
        __doc__,
        f"Options:\n\n{cli.describe_flags(__name__)}\n",
        f"Options for jobs:\n\n{cli.describe_flags(launch.__name__)}\n",
        f"Fields of the configuration, with their values for {choice}. The words after the colon\n"
        f"of --config choose {', '.join(default.WORDS)}; --config.FIELD=VALUE sets the others:",
        *(_describe_field(field, config) for field in FIELDS),
        f"\nOptimizers\n\n{cli.describe('optimizer.name', None, ', '.join(OPTIMIZERS))}",
        "\nRules (add --config=configs/default.py:RULE,mlp,mnist to read about another one)\n",
        *map(_describe_briefly, RULES),
        f"\nThe rule {config.rule.name}\n\n{_describe_rule(config.rule)}",
    ]
    return "\n".join(sections)


def _describe_field(field, config):
    heading = f"\n{SECTIONS[field]}\n\n" if field in SECTIONS else ""
    value = config
    for name in field.split("."):
        value = value.get(name) if isinstance(value, ConfigDict) else None
    shown = value.get("name") if isinstance(value, ConfigDict) else value
    return heading + cli.describe(field, shown, FIELDS[field][1])


def _describe_briefly(name):
    first = " ".join(RULES[name].__doc__.partition("\n\n")[0].split())
    return cli.describe(name, None, first.partition(". ")[0].rstrip("."))


def _describe_rule(rule):
    # From 3.13 on Python itself takes the indentation off a docstring.
    text = indent(cleandoc(find_rule(rule.name).__doc__), "  ")
    values = ", ".join(f"{option}={rule[option]}" for option in rule if option != "name")
    return f"{text}\n\n{cli.describe('Values of the options', None, values or 'none')}\n"


if __name__ == "__main__":
    sys.argv[1:] = with_saved_config(sys.argv[1:])
    cli.start(main, describe)

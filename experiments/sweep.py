"""Trains every combination of some values of the configuration's fields, all seeds of each.

    python -m experiments.sweep --config=configs/default.py:pepita,mlp,mnist --workdir=DIR \\
        --sweep.optimizer.learning_rate=0.01,0.03,0.1 --sweep.rule.feedback_scale=0.02,0.05

Values are given with commas between them, or drawn: --sweep.FIELD=log_uniform:1e-4:1e-1 (or
uniform:) with --num_samples=32. --settings=FILE takes JSON lines {"FIELD": VALUE, ...} instead.
Settings that differ only in numbers (rates, an optimizer's other numbers, dropout, the rule's
numbers, the seed) are trained side by side by one compiled program.

The best setting is chosen on the last tenth of the training set (or --config.validation_fraction),
held out, and is then trained on the whole set and tested once. A setting of which a seed has
diverged comes after all others.

DIR then holds sweep.csv, a row a setting and seed; sweep.png, for one or two numeric fields; best/,
the workdir of the best; and a workdir for each group of settings. Ctrl-C finishes the epoch and
saves it; a second one stops at once. The same command goes on. Tuples need quotes:
"--sweep.model.hidden=(64,),(32,32)".
"""

import json
import shlex
import sys

from absl import flags
from ml_collections import config_flags

from configs import default
from experiments import cli, signals, train
from pepita_jax.build import check_config
from pepita_jax.errors import UserError, require
from pepita_jax.job import Job, train_job
from pepita_jax.run import conclude
from pepita_jax.storage.files import file_errors, replace_file, user_path
from pepita_jax.storage.workdir import ADVICE, describe_changes
from pepita_jax.sweep.axes import NOT_SWEPT, make_settings, read_settings
from pepita_jax.sweep.comparison import (
    best_of_each,
    check_fields,
    comparison_rows,
    comparison_table,
)
from pepita_jax.sweep.groups import make_groups
from pepita_jax.sweep.results import plot_sweep, rank, ranking_table, setting_rows, write_csv
from pepita_jax.tables import summary_table

SETTINGS = flags.DEFINE_string("settings", None, "file of settings, JSON lines {field: value}")
SAMPLES = flags.DEFINE_integer("num_samples", 1, "draws from uniform: and log_uniform: axes")
MAX_RUNS = flags.DEFINE_integer("max_runs", 1000, "refuse more settings times seeds than this")
SELECT = flags.DEFINE_enum(
    "select_on", "validation", ["validation", "test"],
    "what the best setting is chosen on; test only to repeat a paper that did so",
)  # fmt: skip
COMPARE = flags.DEFINE_list(
    "compare",
    [],
    "choose the best setting for each value of these fields, and put them side by side",
)
PREFIX = "--sweep."
HELD_OUT = 0.1


def main(arguments, axes):
    cli.refuse(arguments)
    base = train.read_config()
    require(train.WORKDIR.value, "--workdir=DIR is needed")
    listed = read_settings(SETTINGS.value) if SETTINGS.value else [{}]
    settings = make_settings(axes, listed, SAMPLES.value, base["seed"])
    check_fields(COMPARE.value, settings)
    num_runs = len(settings) * base["num_seeds"]
    message = f"{len(settings)} settings of {base['num_seeds']} seeds are {num_runs} runs"
    require(num_runs <= MAX_RUNS.value, f"{message}, more than --max_runs={MAX_RUNS.value}")
    configs = [make_config(setting) for setting in settings]

    root, split = user_path(train.WORKDIR.value), SELECT.value
    selecting = [with_split(config, split) for config in configs]
    for config in selecting:
        check_config(config)
    claim(root, configs, settings)
    groups = make_groups(selecting)
    programs = f"{len(groups)} compiled program" + ("s" if len(groups) > 1 else "")
    print(f"{message}, in {programs}", file=sys.stderr)
    with signals.stopping_gently() as should_stop:
        rows = train_groups(groups, root, settings, split, should_stop)
        ranking = show(root, rows, settings, split)
        best = best_of_each(ranking, settings, COMPARE.value)
        summaries = {}
        for row in best.values():
            index = row["setting"]
            job, path = Job.of(configs[index]), root / f"best_{index}"
            summaries[index] = train_job(job, path, should_stop, conclude)
    how = "on held-out images, then tested once" if split == "validation" else "ON THE TEST SET"
    with file_errors(root):
        rows = comparison_rows(best, settings, COMPARE.value, split, summaries)
        write_csv(root / "best.csv", rows)
    if COMPARE.value:
        print(f"\nthe best of each, chosen {how}:\n")
        print(comparison_table(best, COMPARE.value, summaries))
        return
    command = command_line(settings[index], path)
    print(f"\nthe best, chosen {how}:\n\n{summary_table([summaries[index]])}\n\n{command}")


def make_config(setting):
    """The configuration of one setting, valid, as a nested plain dict."""
    given = config_flags.get_override_values(flags.FLAGS["config"]) | setting
    forbidden = ", ".join(NOT_SWEPT & setting.keys())
    require(not forbidden, f"{forbidden} cannot be swept")
    config = default.get_config(",".join(map(str, words_of(setting))))
    config.lock()
    for field, value in given.items():
        if field not in default.WORDS:
            set_field(config, field, value)
    plain = default.as_plain(config, given)
    check_config(plain)
    return plain


def words_of(setting):
    """RULE, MODEL and DATASET of a setting, or else of the command line."""
    config = train.CONFIG.value
    chosen = (config.rule.name, config.model.name, config.dataset)
    return [setting.get(field, word) for field, word in zip(default.WORDS, chosen, strict=True)]


def set_field(config, field, value):
    try:
        config.update_from_flattened_dict({field: value})
    except (AttributeError, KeyError) as error:
        raise UserError(f"the configuration has no field {field} (see --help)") from error
    except (TypeError, ValueError) as error:
        usual = default.get_config(",".join(words_of({}))).to_dict()
        for name in field.split("."):
            usual = usual[name]
        raise UserError(f"{field} cannot be {value!r}; it is {usual!r} by default") from error


def with_split(config, split):
    """The same with images held out, if they are selected on."""
    if split == "validation" and not config["validation_fraction"]:
        return config | {"validation_fraction": HELD_OUT}
    return config


def claim(root, configs, settings):
    """Makes the folder hold this sweep, or refuses a folder that holds another."""
    path = root / "sweep.json"
    content = {"settings": settings, "select_on": SELECT.value, "first setting": configs[0]}
    with file_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                changes = describe_changes(json.loads(path.read_bytes()), content)
            except (AttributeError, ValueError) as error:
                raise UserError(f"{path} is damaged ({error})") from error
            require(not changes, f"{root} holds another sweep: {changes}; {ADVICE}")
        replace_file(path, json.dumps(content, indent=1) + "\n")


def train_groups(groups, root, settings, split, should_stop):
    """Trains what is missing; returns the rows of all settings and seeds."""
    rows = []
    for number, group in enumerate(groups):
        read = lambda workdir: workdir.read()
        saved = train_job(group.job(split), root / f"group_{number}", should_stop, conclude=read)
        rows += setting_rows(group, saved, settings)
    return rows


def show(root, rows, settings, split):
    """Writes the table and the plot, prints the ranking and returns it."""
    ranking = rank(rows, settings, split)
    with file_errors(root):
        write_csv(root / "sweep.csv", rows)
        drawn = plot_sweep(root / "sweep.png", ranking, settings, split)
    files = "sweep.csv, sweep.png" if drawn else "sweep.csv"
    print(f"\n{ranking_table(ranking, settings, split)}\n\n{root}: {files}")
    return ranking


def command_line(setting, workdir):
    """What trains one setting by itself."""
    overrides = config_flags.get_override_values(flags.FLAGS["config"]) | setting
    fields = [
        f"--config.{field}={value}".replace(" ", "")
        for field, value in overrides.items()
        if field not in default.WORDS
    ]
    config = f"--config=configs/default.py:{','.join(words_of(setting))}"
    return shlex.join(
        ["python", "-m", "experiments.train", config, f"--workdir={workdir}", *fields]
    )


def read_axes(arguments):
    """`{field: values}` of the arguments --sweep.FIELD=VALUES."""
    axes = {}
    for argument in arguments:
        field, _, values = argument.removeprefix(PREFIX).partition("=")
        require(field and values, f"{argument} should be {PREFIX}FIELD=VALUE,VALUE,...")
        require(field not in axes, f"{PREFIX}{field} is given twice")
        axes[field] = values
    return axes


def describe():
    return f"{__doc__}\n{cli.describe_flags(__name__)}\n{cli.describe_flags(train.__name__)}"


if __name__ == "__main__":
    # Their names are any field's, so no flag can be defined for them.
    swept = [argument for argument in sys.argv if argument.startswith(PREFIX)]
    sys.argv = [argument for argument in sys.argv if argument not in swept]
    cli.start(lambda arguments: main(arguments, read_axes(swept)), describe)

"""Trains every combination of some values of the configuration's fields, with all seeds of each.

    python -m experiments.sweep --config=configs/default.py:pepita,mlp,digits \\
        --workdir=runs/sweep --sweep.optimizer.learning_rate=0.01,0.03,0.1 \\
        --sweep.rule.feedback_scale=0.02,0.05

Each combination is a setting: this sweep has six, and trains ten seeds of each. For the fields see
`python -m experiments.train --help`. Settings that differ only in numbers (the learning rate, other
numbers of the optimizer or the rule, dropout, the seed) train side by side in one compiled program.

Values. Separate the values of a field by commas. Tuples need quotes,
"--sweep.model.hidden=(64,),(32,32)", and so does text with commas:
"--sweep.model.layers='conv 6 3, maxpool 2','dense 32'". Draw numbers at random with
--sweep.FIELD=log_uniform:1e-4:1e-1 (or uniform:) and --num_samples=32. --settings=FILE reads
settings from a file, one {"FIELD": VALUE, ...} per line, and combines each with all other values.

Choice. The sweep chooses the best setting on a validation split: the last tenth of the training
set, or --config.validation_fraction. It then trains that setting on the whole training set, and
tests it once. With --final_seeds=0 it ends before that, and does not use the test set. A setting
with a diverged seed ranks below all settings without one. A setting whose seeds have all diverged
is never chosen. The exit status is 3 if no setting has a seed left, or if all seeds of the chosen
settings diverge in their own runs.

Results. DIR then holds sweep.csv, with one row per setting and seed; sweep.png, if one or two
numbers are swept, or one number beside words; best.csv; best_N, the workdir of setting N trained on
the whole training set; and one workdir per group of settings. Press Ctrl-C once to stop after the
current epoch, twice to stop immediately. To resume, repeat the command; num_epochs and num_seeds
may be higher then.

Saving time. --halving=1,3,9 ends bad settings early: after each of these epochs only the better
half of a compiled program's settings continues. --sampler=tpe --trials=N searches: a sampler of
Optuna chooses N settings from the values above, --at_once=K of them at a time, by the accuracies of
those before. DIR/study.db is its study. To try more settings, repeat the command with more trials.
"""

import sys

from absl import flags

from configs import default
from configs.settings import command_line
from experiments import train
from experiments.command_line import cli, config_flag, launch, search, sweep_configs
from experiments.command_line.sweep_configs import SELECT, SETTINGS, make_configs, with_split
from experiments.command_line.sweep_tables import show_best, show_edges, show_progress, show_ranking
from experiments.command_line.sweep_training import train_best, train_groups
from pepita_jax.errors import DivergedError, UserError, require
from pepita_jax.files import user_path
from pepita_jax.sweep.axes import Range, make_settings, read_settings
from pepita_jax.sweep.axes import read_axes as read_values
from pepita_jax.sweep.comparison import best_of_each, check_fields
from pepita_jax.sweep.folder import claim
from pepita_jax.sweep.groups import make_groups
from pepita_jax.sweep.halving import check_halving
from pepita_jax.sweep.results import is_left
from pepita_jax.sweep.search import check_sampler, examples
from pepita_jax.words import counted

SAMPLES = flags.DEFINE_integer(
    "num_samples", None, "number of draws from uniform: and log_uniform:, which need it"
)
HALVING = flags.DEFINE_list(
    "halving", [], "epochs after each of which the worse half of a program's settings ends"
)
MAX_SEEDS = flags.DEFINE_integer("max_seeds", 1000, "most seeds to train, over all settings")
COMPARE = flags.DEFINE_list(
    "compare",
    [],
    "fields; the best setting for each of their values is tested, and these are compared",
)
FINAL_SEEDS = flags.DEFINE_integer(
    "final_seeds", None,
    "seeds with which the best setting is trained and tested; 0: no test; default: num_seeds", 0,
)  # fmt: skip
PREFIX = "--sweep."  # or with one dash, as any flag


def main(arguments, axes):
    cli.refuse(arguments)
    launch.begin()
    base = read_base()
    search.check_flags(SAMPLES)
    sampler, halving = search.SAMPLER.value, read_halving(base["num_epochs"])
    listed = [{}] if SETTINGS.value is None else read_settings(SETTINGS.value)
    values = read_values(axes, listed)
    if sampler:
        check_sampler(sampler, values, listed)
        settings, swept = examples(values, listed), {"axes": axes, "listed": listed}
    else:
        settings = swept = make_settings(axes, listed, SAMPLES.value, base["seed"])
    check_fields(COMPARE.value, settings)
    is_tested = FINAL_SEEDS.value != 0
    require(is_tested or not COMPARE.value, "--compare tests the best: leave out --final_seeds=0")
    number, seeds = search.TRIALS.value or len(settings), base["num_seeds"]
    each, all_seeds = counted(seeds, "seed"), counted(number * seeds, "seed")
    message = f"{counted(number, 'setting')} with {each} each: {all_seeds}"
    is_little = number * seeds <= MAX_SEEDS.value
    require(is_little, f"{message}, more than --max_seeds={MAX_SEEDS.value}")
    configs = make_configs(settings)

    root, split = user_path(train.WORKDIR.value), SELECT.value
    groups = make_groups([with_split(config) for config in configs], split)
    how = {name: how for name, how in (("sampler", sampler), ("halving", halving)) if how}
    claim(root, configs[0], swept, split, **how)
    show = lambda rows: show_progress(root, rows)
    if sampler:
        found = search.train_rounds(root, values, listed, base["seed"], split, halving, show)
    else:
        print(f"{message}, in {search.count_programs(groups)}", file=sys.stderr)
        rows = train_groups(root, groups, settings, split, halving, show)
        found = rows and (settings, configs, rows)
    if found:
        drawn = [field for field, value in values.items() if isinstance(value, Range)]
        show_and_test(root, *found, split, base["num_seeds"], drawn)


def read_base():
    """The configuration of all settings; raises a `UserError` unless a sweep can begin from it."""
    resume = "to resume a sweep, repeat its whole command"
    require(train.CONFIG.value is not None, f"{config_flag.USAGE} is needed; {resume}")
    base = train.read_config()
    message = f"a sweep begins from {config_flag.USAGE}, not from another file"
    require(config_flag.is_from(default), message)
    require(train.WORKDIR.value, "--workdir=DIR is needed")
    require(train.SEEDS.value is None, "--seeds is for experiments.train; see --seeds_per_job")
    return base


def read_halving(num_epochs):
    """The epochs of --halving; raises a `UserError` unless settings can leave after them."""
    try:
        epochs = list(map(int, HALVING.value))
    except ValueError as error:
        text = ",".join(HALVING.value)
        raise UserError(f"--halving must be epochs, such as 1,3,9, got {text!r}") from error
    check_halving(epochs, num_epochs)
    together = not (epochs and launch.SEEDS_PER_JOB.value)
    require(together, "--halving compares all seeds of a program: leave out --seeds_per_job")
    return epochs


def show_and_test(root, settings, configs, rows, split, num_seeds, drawn):
    """Shows the ranking; trains the best settings on the whole training set and tests them."""
    ranking = show_ranking(root, rows, settings, split)
    best = best_of_each(ranking, settings, COMPARE.value)
    show_edges(best, settings, drawn)
    more = {"num_seeds": FINAL_SEEDS.value or num_seeds}
    chosen = {r["setting"]: configs[r["setting"]] | more for r in best.values() if is_left(r)}
    if not chosen:
        raise DivergedError("no setting has a seed left: every seed has diverged")
    if FINAL_SEEDS.value == 0:
        return
    summaries = train_best(root, chosen)
    if summaries is None:
        return
    repeat = lambda setting, path: command_line(sweep_configs.read_chosen(), setting, path)
    show_best(root, best, settings, COMPARE.value, split, summaries, repeat)
    if all(len(s["diverged"]) == s["num_seeds"] for s in summaries.values()):
        which = "the best setting" if len(summaries) == 1 else "the best settings"
        raise DivergedError(f"all seeds of {which} have diverged on the whole training set")


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
    own = map(cli.describe_flags, (__name__, sweep_configs.__name__, search.__name__))
    jobs = f"\nOptions for jobs:\n\n{cli.describe_flags(launch.__name__)}"
    return "\n".join([__doc__, "Options:\n", shared, *own, jobs])


if __name__ == "__main__":
    # Any field can follow --sweep., so no flags are defined for these arguments.
    swept = [a for a in sys.argv if a.startswith((PREFIX, PREFIX[1:]))]
    sys.argv = [argument for argument in sys.argv if argument not in swept]
    cli.start(lambda arguments: main(arguments, read_axes(swept)), describe)

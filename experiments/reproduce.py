"""Reproduces the paper's tables and figures beside its own numbers.

    python -m experiments.reproduce TARGET [TARGET ...] [--seeds=0:10] [--epochs=100] [--out=DIR]

TARGET is one of the names below, `all`, or a part such as table1:pepita,conv,cifar10, in which *
stands for anything. What the results in --out already have is not trained again: in a clone they
are there, and --out=DIR elsewhere trains everything anew. Stopped, the same command goes on. With
--seeds=0:5 only these are trained: results of several machines, a file a seed, can be copied
together. Shown is all that the results have of a cell, not only what was asked for now. --quick
tries it all on scikit-learn's digits.
"""

from functools import cache

from absl import flags

from experiments.command_line import cli, launch
from experiments.papers.pepita import accuracies, dynamics, speed, weights
from experiments.papers.pepita.artifacts import TARGETS, read_targets
from experiments.papers.pepita.cells import Cell
from experiments.papers.pepita.results import Results
from experiments.papers.pepita.show import fill_in
from experiments.papers.pepita.training import Reproduction
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.locks import alone

OUT = flags.DEFINE_string(
    "out", None, "folder of the results; default: experiments/results, with --quick runs/quick"
)
WORKDIR = flags.DEFINE_string(
    "workdir", None, "folder of the runs and their checkpoints, which can be removed when all is "
    "done; default: runs/reproduce, with --out or --quick OUT/runs",
)  # fmt: skip
SEEDS = flags.DEFINE_string("seeds", None, "FIRST:END; default: as the paper, 0:10 for most")
EPOCHS = flags.DEFINE_integer("epochs", None, "default: as the paper, 100 for most", 1)
QUICK = flags.DEFINE_bool("quick", False, "two seeds, three epochs, and digits for every data set")
TRAIN = flags.DEFINE_bool("train", True, "--notrain trains nothing, and shows what there is")

SHOW = {
    "table1": accuracies.table_1,
    "table3": speed.table_3,
    "table4": accuracies.table_4,
    "fig3": dynamics.figure_3,
    "fig4": weights.figure_4,
    "fig5": dynamics.figure_5,
    "fig6": weights.figure_6,
    "fig7": speed.figure_7,
    "fig8": speed.figure_8,
    "fig9": dynamics.figure_9,
    "fig10": weights.figure_10,
    "anti_alignment": dynamics.anti_alignment,
    "readings": accuracies.readings,
}


def main(arguments):
    launch.begin()
    wanted = read_targets(arguments)
    seeds = cli.read_seeds(SEEDS.value)
    out = user_path(OUT.value or ("runs/quick" if QUICK.value else "experiments/results"))
    is_own = OUT.value or QUICK.value
    root = user_path(WORKDIR.value or (out / "runs" if is_own else "runs/reproduce"))
    results, stands_for = Results(out), Cell.quick if QUICK.value else lambda cell: cell
    cells = dict.fromkeys(stands_for(cell) for cells in wanted.values() for cell in cells)
    reproduction = Reproduction(cells, seeds, EPOCHS.value, results, root)
    with file_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    for cell in (cell for target in wanted for cell in TARGETS[target].cells):
        results.read(stands_for(cell))  # what is damaged is named now, not after hours
    reproduction.collect()
    if TRAIN.value and not reproduction.train():
        return
    find = cache(lambda cell: results.read(stands_for(cell)))
    with file_errors(out), alone(out):
        files = show_all(wanted, find, out)
    print(f"\n{out}: {', '.join(files) or 'no run has been finished yet'}")


def show_all(targets, find, out):
    """Prints and writes what there is of some targets; returns the names of the files.

    The tables are also filled in where the folder's README.md has a place for them.

    Args:
        targets: names.
        find: `Cell -> Result`, or None if it has not been run.
        out: folder.
    """
    files, tables = [], {}
    for target in targets:
        if any(find(cell) for cell in TARGETS[target].cells):
            shown = SHOW[target](find)
            files += shown.write(out, target)
            if shown.table:
                tables[target] = shown.table
                print(f"\n{target}\n\n{shown.table}")
    readme = out / "README.md"
    if readme.exists():
        replace_file(readme, fill_in(readme.read_text(encoding="utf-8"), tables))
    return files


def describe():
    own, where = map(cli.describe_flags, (__name__, launch.__name__))
    targets = (f"  {name}: {target.title}" for name, target in TARGETS.items())
    cells = (f"  {name}: {', '.join(c.name for c in t.cells)}" for name, t in TARGETS.items())
    return "\n".join([__doc__, own, where, "\nTargets:", *targets, "\nTheir cells:", *cells])


if __name__ == "__main__":
    cli.start(main, describe)

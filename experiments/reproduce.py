"""Reproduces the paper's tables and figures beside its own numbers.

    python -m experiments.reproduce ARTIFACT [ARTIFACT ...] [--seeds=0:10] [--out=DIR]

ARTIFACT is one of the names below, `all`, or a part such as table1:pepita,conv,cifar10, in which *
stands for anything. The command does not train again what the results in --out already have. The
repository includes results; --out=DIR in another place trains everything anew. To continue after
an interruption, repeat the command. --seeds=0:5 trains these seeds alone, and --merge=DIR adds the
results that another machine has written to its own --out. The tables show every seed that the
results have. --quick tries everything on scikit-learn's digits.
"""

from functools import cache

from absl import flags

from experiments.command_line import cli, launch
from experiments.papers.pepita import accuracies, dynamics, speed, weights
from experiments.papers.pepita.artifacts import ARTIFACTS, read_artifacts
from experiments.papers.pepita.results import Results
from experiments.papers.pepita.runs import PaperRun
from experiments.papers.pepita.show import fill_in
from experiments.papers.pepita.training import Reproduction
from pepita_jax.errors import require
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.runs.locks import alone

RESULTS = "experiments/papers/pepita/results"
OUT = flags.DEFINE_string(
    "out", None, f"folder of the results; default: {RESULTS}, or runs/quick with --quick"
)
WORKDIR = flags.DEFINE_string(
    "workdir", None, "folder of the runs and their checkpoints, which can be removed when all is "
    "done; default: runs/reproduce, or OUT/runs with --out or --quick",
)  # fmt: skip
SEEDS = flags.DEFINE_string(
    "seeds", None, "FIRST:END, the seeds to train; default: as the paper, 0:10 for most"
)
EPOCHS = flags.DEFINE_integer(
    "epochs", None, "epochs to train; default: as the paper, 100 for most", 1
)
MERGE = flags.DEFINE_multi_string(
    "merge", [], "folder of results whose seeds are added to those in --out"
)
QUICK = flags.DEFINE_bool("quick", False, "two seeds, three epochs, and digits for every data set")
TRAIN = flags.DEFINE_bool("train", True, "--notrain trains nothing and shows the results there are")

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
    wanted = read_artifacts(arguments)
    seeds = cli.read_seeds(SEEDS.value)
    out = user_path(OUT.value or ("runs/quick" if QUICK.value else RESULTS))
    is_own = OUT.value or QUICK.value
    root = user_path(WORKDIR.value or (out / "runs" if is_own else "runs/reproduce"))
    results, stands_for = Results(out), PaperRun.quick if QUICK.value else lambda run: run
    runs = dict.fromkeys(stands_for(run) for runs in wanted.values() for run in runs)
    reproduction = Reproduction(runs, seeds, EPOCHS.value, results, root)
    with file_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    for other in MERGE.value:
        results.merge(Results(existing(other)), runs)
    for run in (run for artifact in wanted for run in ARTIFACTS[artifact].runs):
        results.read(stands_for(run))  # what is damaged is named now, not after hours
    reproduction.collect()
    if TRAIN.value and not reproduction.train():
        return
    find = cache(lambda run: results.read(stands_for(run)))
    with file_errors(out), alone(out):
        files = show_all(wanted, find, out)
    print(f"\n{out}: {', '.join(files) or 'no run has been finished yet'}")


def existing(folder):
    """The path of a folder of results.

    Raises:
        UserError: there is none.
    """
    path = user_path(folder)
    is_there = (path / "records").is_dir() or (path / "cells").is_dir()
    require(is_there, f"--merge={folder} holds no results: there is no folder records in it")
    return path


def show_all(artifacts, find, out):
    """Prints and writes the artifacts that have results; returns the names of the files.

    The tables are also filled in where the folder's README.md has a place for them.

    Args:
        artifacts: names.
        find: `PaperRun -> Result`, or None if it has not been run.
        out: folder.
    """
    readme, files, tables = out / "README.md", [], {}
    document = readme.read_text(encoding="utf-8") if readme.exists() else ""
    for artifact in artifacts:
        if any(find(run) for run in ARTIFACTS[artifact].runs):
            shown = SHOW[artifact](find)
            files += shown.write(out, artifact, document)
            if shown.table:
                tables[artifact] = shown.table
                print(f"\n{artifact}\n\n{shown.table}")
    if document:
        replace_file(readme, fill_in(document, tables))
        files.append(readme.name)
    return files


def describe():
    own, where = map(cli.describe_flags, (__name__, launch.__name__))
    artifacts = (f"  {name}: {artifact.title}" for name, artifact in ARTIFACTS.items())
    runs = (f"  {name}: {', '.join(run.name for run in a.runs)}" for name, a in ARTIFACTS.items())
    return "\n".join([__doc__, own, where, "\nArtifacts:", *artifacts, "\nTheir runs:", *runs])


if __name__ == "__main__":
    cli.start(main, describe)

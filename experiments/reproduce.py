"""Reproduces the tables and figures of papers, and shows the papers' own numbers beside them.

    python -m experiments.reproduce table1 --notrain

shows Table 1 of the first paper from the results in the repository. In general:

    python -m experiments.reproduce PAPER[:ARTIFACT[:RUN]] ... [--seeds=0:10] [--out=DIR]

PAPER and ARTIFACT are names from the list below. PAPER alone stands for all of its artifacts. RUN
is one of an artifact's runs, by its name or its RULE,MODEL,DATASET, as in
pepita:table1:pepita,conv,cifar10; * stands for anything. The name of the first paper may be left
out: table1 is its table, and all stands for all of its artifacts.

Without --notrain the command first trains what the results in --out lack, which can take days. The
repository has results; to train everything anew, give another --out=DIR. To resume, repeat the
command. --seeds=0:5 trains only these seeds. --merge=DIR adds results that another machine has
written to its own --out. The tables show every seed in the results. --quick tries everything on a
small scale, on scikit-learn's digits: three epochs can leave a rule at chance.
"""

from functools import cache

from absl import flags

from experiments.command_line import cli, launch
from experiments.papers.artifacts import read_artifacts
from experiments.papers.paper_run import PaperRun
from experiments.papers.papers import DEFAULT, PAPERS
from experiments.papers.results import Results
from experiments.papers.show import fill_in
from experiments.papers.training import Reproduction
from pepita_jax.errors import require
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.runs.locks import alone

OUT = flags.DEFINE_string(
    "out", None, "folder of the results; default: the paper's folder in experiments/papers, or "
    "runs/quick/PAPER with --quick",
)  # fmt: skip
WORKDIR = flags.DEFINE_string(
    "workdir", None, "folder of the runs and their checkpoints, which can be removed at the end; "
    "default: runs/reproduce/PAPER, or OUT/runs with --out or --quick",
)  # fmt: skip
SEEDS = flags.DEFINE_string(
    "seeds", None, "FIRST:END trains seeds FIRST to END - 1; default: as the paper, 0:10 for most"
)
EPOCHS = flags.DEFINE_integer(
    "epochs", None, "epochs to train; default: the paper's, 100 for most runs", 1
)
MERGE = flags.DEFINE_multi_string(
    "merge", [], "folder of results whose seeds are added to those in --out"
)
QUICK = flags.DEFINE_bool("quick", False, "two seeds, three epochs, the digits as data")
TRAIN = flags.DEFINE_bool("train", True, "--notrain only shows the results")


def main(arguments):
    launch.begin()
    paper, wanted = read_artifacts(arguments, PAPERS, DEFAULT)
    artifacts = {name: PAPERS[paper].artifacts[name] for name in wanted}
    seeds = cli.read_seeds(SEEDS.value)
    out = user_path(OUT.value or (f"runs/quick/{paper}" if QUICK.value else PAPERS[paper].results))
    is_own = OUT.value or QUICK.value
    is_paper_s = out.resolve() in {user_path(paper.results).resolve() for paper in PAPERS.values()}
    message = f"--quick would replace the tables in {out}; choose another --out"
    require(not (QUICK.value and is_paper_s), message)
    root = user_path(WORKDIR.value or (out / "runs" if is_own else f"runs/reproduce/{paper}"))
    results, stands_for = Results(out), PaperRun.quick if QUICK.value else lambda run: run
    runs = dict.fromkeys(stands_for(run) for runs in wanted.values() for run in runs)
    reproduction = Reproduction(runs, seeds, EPOCHS.value, results, root)
    with file_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    for other in MERGE.value:
        results.merge(Results(existing(other)), runs)
    for run in (run for artifact in artifacts.values() for run in artifact.runs):
        results.read(stands_for(run))  # reports damage now, not after hours
    reproduction.collect()
    if TRAIN.value and not reproduction.train():
        return
    find = cache(lambda run: results.read(stands_for(run)))
    with file_errors(out), alone(out):
        files = show_all(artifacts, find, out)
    print(f"\n{out}: {', '.join(files) or 'no run has been finished yet'}")


def existing(folder):
    """The path of a folder of results.

    Raises:
        UserError: the folder holds no results.
    """
    path = user_path(folder)
    is_there = (path / "records").is_dir() or (path / "cells").is_dir()
    require(is_there, f"--merge={folder} holds no results: it has no folder records")
    return path


def show_all(artifacts, find, out):
    """Prints and writes the artifacts that have results; returns the names of the files.

    Tables also go into the folder's README.md, if it has a place for them.

    Args:
        artifacts: `{name: Artifact}`.
        find: `PaperRun -> Result`, or None if it has not been run.
        out: folder.
    """
    readme, files, tables = out / "README.md", [], {}
    document = readme.read_text(encoding="utf-8") if readme.exists() else ""
    for name, artifact in artifacts.items():
        if not artifact.runs or any(map(find, artifact.runs)):
            shown = artifact.show(find)
            files += shown.write(out, name, document)
            if shown.table:
                tables[name] = shown.table
                print(f"\n{name}\n\n{shown.table}")
        else:
            print(f"\n{name}: no run has been finished yet")
    if document:
        replace_file(readme, fill_in(document, tables))
        files.append(readme.name)
    return files


def describe():
    own, jobs = map(cli.describe_flags, (__name__, launch.__name__))
    lines, runs = [__doc__, "Papers and their artifacts:\n"], ["\nRuns of the artifacts:\n"]
    for paper, (title, artifacts, _) in PAPERS.items():
        lines.append(f"  {paper}: {title}")
        lines += [f"    {name}: {artifact.title}" for name, artifact in artifacts.items()]
        for name, artifact in artifacts.items():
            names = ", ".join(run.name for run in artifact.runs)
            runs.append(cli.describe(f"{paper}:{name}", None, names or "it needs none"))
    options = f"\nOptions:\n\n{own}\n\nOptions for jobs:\n\n{jobs}"
    return "\n".join([*lines, options, *runs])


if __name__ == "__main__":
    cli.start(main, describe)

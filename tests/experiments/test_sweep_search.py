"""The sweep command where a sampler chooses the settings, and where they are halved."""

import csv
import shutil
import sqlite3

import numpy as np
import optuna
import pytest

from experiments.command_line import search
from tests.experiments.commands import TINY, assert_refused, command

SMALL = ("--config=configs/default.py:dfa,mlp,digits", *TINY)
AXES = ("--sweep.optimizer.learning_rate=log_uniform:1e-3:1", "--sweep.optimizer.momentum=0,0.9")
SEARCH = (*AXES, "--sampler=tpe", "--trials=4", "--at_once=2", "--halving=1")


def sweep(workdir, *arguments):
    return command("sweep", *SMALL, f"--workdir={workdir}", *arguments)


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "search"
    done = sweep(workdir, *SEARCH)
    assert done.returncode == 0, done.stderr
    return workdir, done


def test_a_search_trains_what_is_asked_for_and_tests_the_best(searched):
    workdir, done = searched
    assert "round 1: trials 2 to 3 of 4, in 1 compiled program" in done.stderr
    rows = read_table(workdir / "sweep.csv")
    assert [row["setting"] for row in rows] == [str(i) for i in range(4) for _ in range(2)]
    trained = {(row["setting"], row["epochs"]) for row in rows}
    assert [e for _, e in sorted(trained)].count("2") == 2  # one of each round
    assert "Epochs trained, summed over seeds: 12; without halving: 16." in done.stdout
    best = read_table(workdir / "best.csv")[0]
    assert (best["setting"], "2") in trained
    assert best["test_accuracy_mean"]
    assert (workdir / f"best_{best['setting']}" / "summary.json").exists()


def test_the_study_holds_the_settings_and_the_accuracies_of_the_table(searched):
    workdir, _ = searched
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{workdir}/study.db")
    rows = read_table(workdir / "sweep.csv")
    for number, trial in enumerate(study.trials):
        of_it = [row for row in rows if row["setting"] == str(number)]
        accuracies = [float(row["validation_accuracy"]) for row in of_it]
        assert trial.value == pytest.approx(sum(accuracies) / 2)
        for field, value in trial.params.items():
            assert float(of_it[0][field]) == value


@pytest.mark.slow
def test_a_stopped_search_goes_on_and_trains_nothing_twice(searched, tmp_path):
    workdir = shutil.copytree(searched[0], tmp_path / "stopped")
    shutil.rmtree(workdir / "round_1" / "group_0_rung_1")
    with sqlite3.connect(workdir / "study.db") as study:  # as before all was told
        study.execute("delete from trial_values where trial_id > 2")
        study.execute("update trials set state = 'RUNNING' where trial_id > 2")
    done = sweep(workdir, *SEARCH)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epochs 2 to 2, each of 40 steps") == 1
    assert "epochs 1 to" not in done.stderr
    assert (workdir / "sweep.csv").read_text() == (searched[0] / "sweep.csv").read_text()
    assert (
        done.stdout.split("best_")[-1].split()[0]
        == searched[1].stdout.split("best_")[-1].split()[0]
    )
    for arguments, words in {
        ("--trials=3",): ["a search of 4 trials; --trials can be raised, not lowered"],
        ("--sampler=random",): ["another sweep: sampler was 'tpe', is 'random'"],
        ("--halving=",): ["another sweep: halving was [1], is not set"],
        ("--config.num_epochs=3",): ["with --sampler and num_epochs 2: this cannot be changed"],
        ("--sweep.rule.name=bp,fa",): ["momentum=0,0.9", "not of", "rule.name=bp,fa"],
    }.items():
        assert_refused(sweep(workdir, *SEARCH, *arguments), *words)


def test_a_setting_with_a_diverged_seed_is_told_as_worst():
    values = [(0, 0.5), (0, np.nan), (1, 0.25), (1, 0.75)]
    rows = [{"setting": i, "epochs": 1, "validation_accuracy": v} for i, v in values]
    assert search.values_to_tell(rows, [{}, {}], "validation") == [0, 0.5]


MISTAKES = {
    "unknown sampler": (["--sampler=tpi"], ["should be one of <cmaes|random|tpe>"]),
    "no trials": (["--sampler=tpe"], ["--sampler=tpe needs --trials=N"]),
    "no sampler": (["--trials=3"], ["--trials is for a search: give --sampler=cmaes|random|tpe"]),
    "nothing at once": (["--at_once=3"], ["--at_once is for a search"]),
    "samples": (["--sampler=tpe", "--trials=3", "--num_samples=2"], ["a search needs --trials"]),
    "cmaes": (["--sampler=cmaes", "--trials=3"], ["not --sweep.optimizer.momentum"]),
    "too large": (["--sampler=tpe", "--trials=501"], ["1002 seeds, more than --max_seeds=1000"]),
    "a bad bound": (
        ["--sampler=tpe", "--trials=3", "--sweep.model.dropout=uniform:0:2"],
        ["dropout must be below 1"],
    ),
    "no number": (["--num_samples=3", "--halving=1,x"], ["must be epochs, such as 1,3,9"]),
    "falling": (["--num_samples=3", "--halving=2,1"], ["must list rising epochs, got 2,1"]),
    "too late": (["--num_samples=3", "--halving=1,2"], ["num_epochs is 2"]),
    "split seeds": (
        ["--num_samples=3", "--halving=1", "--seeds_per_job=1"], ["leave out --seeds_per_job"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_search_gets_one_line_before_anything_is_trained(mistake, tmp_path):
    arguments, words = MISTAKES[mistake]
    assert_refused(sweep(tmp_path / "sweep", *AXES, *arguments), *words)
    assert not (tmp_path / "sweep").exists()

"""The table of runs and their paired differences."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from experiments.papers.pepita.runs import of_table_1
from experiments.papers.results import Results
from pepita_jax.runs.workdir import Workdir
from tests.experiments.commands import assert_refused, command
from tests.experiments.papers.planted import plant as plant_results

ACCURACIES = {
    "pepita": [[0.1, 0.5], [0.1, 0.6], [0.1, 0.7], [0.1, 0.9]],
    "shallow": [[0.1, 0.4], [0.1, 0.4], [0.1, 0.6], [0.1, 0.7]],
}  # [seed][epoch]


CONFIG = {
    "model": {"name": "mlp"}, "dataset": "mnist", "seed": 0, "num_seeds": 4, "num_epochs": 2,
    "log_alignment": False,
}  # fmt: skip


def plant(path, rule, accuracies, **fields):
    """A run as if trained, with these accuracies [seed][epoch]; NaN: the seed has diverged."""
    workdir, config = Workdir(path), {**CONFIG, "rule": {"name": rule}, **fields}
    with workdir.hold(config) as (group,):
        for i, accuracy in enumerate(np.array(accuracies).T):
            columns = {"train_accuracy": accuracy / 2, "test_accuracy": accuracy}
            columns |= {"learning_rate": 0.1, "seconds": 45.0}
            workdir.log(group, "metrics", i + 1, columns)
            workdir.save(group, i + 1, {"W": np.zeros(2)})
    return path


@pytest.fixture
def workdirs(tmp_path):
    return [plant(tmp_path / rule, rule, values) for rule, values in ACCURACIES.items()]


def report(*arguments):
    done = command("report", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line.strip("| ").split("|") for line in done.stdout.splitlines()]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def test_differences_are_paired_and_have_student_s_interval(workdirs):
    pepita, shallow = report(*workdirs, f"--baseline={workdirs[1]}")
    assert pepita[:6] == ["pepita", "mlp", "mnist", "4", "2", "67.50 ± 17.08"]
    assert pepita[7:9] == ["90 s", str(workdirs[0])]
    differences = np.array([10.0, 20.0, 10.0, 20.0])
    half = stats.t.ppf(0.975, 3) * differences.std(ddof=1) / 2
    assert pepita[-1] == f"+15.00 [{15 - half:+.2f}, {15 + half:+.2f}]"
    assert shallow[-1] == "+0.00"


def test_a_baseline_that_is_not_among_the_runs_has_a_row_too(workdirs):
    pepita, shallow = report(workdirs[0], f"--baseline={workdirs[1]}")
    assert (pepita[0], shallow[0], shallow[-1]) == ("pepita", "shallow", "+0.00")


def test_seeds_that_have_diverged_are_in_no_mean_and_no_pair(workdirs, tmp_path):
    accuracies = [[0.1, np.nan], *ACCURACIES["pepita"][1:]]
    diverged = plant(tmp_path / "diverged", "pepita", accuracies)
    (row, *_, note) = report(diverged, f"--baseline={workdirs[1]}")
    assert row[3:6] == ["3 of 4", "2", "73.33 ± 15.28"]
    assert row[-1].startswith("+16.67 [")
    assert row[-1].endswith("], 3 pairs")
    assert note == ["pepita: the means leave out the diverged seed 0 (epoch 2)"]


def test_runs_that_do_not_pair_are_not_compared(workdirs, tmp_path):
    other = plant(tmp_path / "other", "pepita", ACCURACIES["pepita"], seed=7)
    assert_refused(command("report", workdirs[0], f"--baseline={other}"), "seed is 0 and 7")


def test_other_seeds_do_not_pair(tmp_path):
    metrics = {n: [0.5] for n in ("test_accuracy", "train_accuracy", "train_loss", "seconds")}
    runs = [of_table_1(rule) for rule in ("pepita", "bp")]
    for run, first in zip(runs, (0, 5), strict=True):
        plant_results(tmp_path, run, [[0.5]] * 2, first, metrics=metrics)
    one, other = (tmp_path / "records" / f"{run.name}.json" for run in runs)
    refused = command("report", one, f"--baseline={other}")
    assert_refused(refused, "seeds [0, 1] do not pair [5, 6]")


def test_versions_in_which_seeds_differ_are_all_named(tmp_path):
    run = of_table_1("bp")
    for seed, version in enumerate(("0.1", "0.2", "0.1")):
        environment = {"jax": version, "devices": ["cpu", "cpu"]}
        plant_results(tmp_path, run, [[0.5]], seed, environment=environment)
    found = Results(tmp_path).read_name(run.name).environment
    assert found == {"jax": ["0.1", "0.2"], "devices": ["cpu", "cpu"]}


def test_fewer_seeds_and_epochs_can_be_shown(workdirs):
    (row,) = report(workdirs[0], "--epoch=1", "--num_seeds=2")
    assert row[3:6] == ["2", "1", "10.00 ± 0.00"]


def test_results_hold_configuration_versions_and_every_figure(workdirs, tmp_path):
    path = tmp_path / "results" / "mnist.json"
    report(*workdirs, f"--json={path}")
    results = json.loads(path.read_text())
    assert [r["config"]["rule"]["name"] for r in results] == ["pepita", "shallow"]
    assert "jax" in results[0]["environment"]
    assert [r["history"]["test_accuracy"] for r in results] == list(ACCURACIES.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["which runs"]),
        (["{0}", "--epoch=3"], ["at epoch 2, not yet at 3"]),
        (["{0}", "--num_seeds=9"], ["4 seeds, not 9"]),
        (["{0}/nothing"], ["holds no run"]),
        (["{0}", "--json={0}"], ["cannot be written"]),
        (["{0}/.."], ["holds no run itself", "pepita, shallow"]),
        (["{0}/cells_only"], ["has no results yet"]),
        (["{0}", "--baseline={0}/cells_only"], ["has no results yet"]),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, words, workdirs):
    unfinished = workdirs[0] / "cells_only" / "cells" / "bp_mlp_mnist"
    unfinished.mkdir(parents=True)
    (unfinished / ".seed_0.json.new").touch()
    assert_refused(command("report", *(a.format(workdirs[0]) for a in arguments)), *words)


def test_of_a_sweep_only_the_runs_are_named(tmp_path):
    plant(tmp_path / "best_1", "pepita", ACCURACIES["pepita"])
    plant(tmp_path / "group_0", "pepita", ACCURACIES["pepita"], settings=[{"seed": 0}])
    (tmp_path / "sweep.json").write_text("{}")
    done = command("report", str(tmp_path))
    assert_refused(done, "holds a sweep", "sweep.csv", "it holds the runs best_1")
    assert "group_0" not in done.stderr
    assert command("report", str(tmp_path / "best_1")).returncode == 0
    shutil.rmtree(tmp_path / "best_1")
    assert command("report", str(tmp_path)).stderr.strip().endswith("sweep.csv")

"""The training command, started again on a workdir: it goes on, or refuses and changes nothing."""

import json
import shutil

import numpy as np

import pepita_jax as pj
from tests.experiments.commands import TINY, assert_refused, command, read_rows, train


def test_a_finished_run_is_left_as_it_is(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "copy")
    before = (workdir / "metrics.jsonl").read_text()
    again = train(workdir, *TINY)
    assert again.returncode == 0
    assert "2 of 2 epochs done" in again.stderr
    assert (workdir / "metrics.jsonl").read_text() == before


def test_a_longer_run_goes_on_and_equals_an_uninterrupted_one(finished, tmp_path):
    resumed = shutil.copytree(finished[0], tmp_path / "resumed")
    assert train(resumed, *TINY, "--config.num_epochs=3").returncode == 0
    whole = tmp_path / "whole"
    assert train(whole, *TINY, "--config.num_epochs=3").returncode == 0

    names = ("epoch", "seed", "train_loss", "train_accuracy", "test_accuracy")
    found, wanted = ([[r[n] for n in names] for r in read_rows(w)] for w in (resumed, whole))
    assert found == wanted
    for one, other in zip(pj.load_run(resumed).params, pj.load_run(whole).params, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_after_the_last_checkpoint_are_trained_again(finished, tmp_path):
    """As if the run had been killed after its metrics, before its checkpoint."""
    workdir = shutil.copytree(finished[0], tmp_path / "killed")
    shutil.rmtree(workdir / "checkpoints" / "seeds_0-1" / "2")
    before = read_rows(workdir)
    assert train(workdir, *TINY).returncode == 0
    timeless = [[{**row, "seconds": 0} for row in rows] for rows in (before, read_rows(workdir))]
    assert timeless[0] == timeless[1]


def test_a_run_goes_on_without_its_configuration(tmp_path):
    workdir = tmp_path / "run"
    rmsprop = ("--config.optimizer.name=rmsprop", "--config.optimizer.momentum=0.5")
    begun = train(workdir, *TINY, *rmsprop, "--config.optimizer.learning_rate=0.001")
    assert begun.returncode == 0, begun.stderr
    before = json.loads((workdir / "config.json").read_text())
    more = ("--config.num_epochs=3", "--config.num_seeds=3")
    done = command("train", "--workdir", workdir, *more)
    assert done.returncode == 0, done.stderr
    after = json.loads((workdir / "config.json").read_text())
    assert after | {"num_epochs": 2, "num_seeds": 2} == before | {
        name: after[name] for name in ("environment", "earlier_environments")
    }
    assert [(row["epoch"], row["seed"]) for row in read_rows(workdir)[-3:]] == [
        (1, 2),
        (2, 2),
        (3, 2),
    ]
    other = command("train", f"--workdir={workdir}", "--config.model.hidden=9")
    assert_refused(other, "model.hidden was [8], is [9]")
    (workdir / "config.json").write_text('{"environment": {}, "rule": 1}')
    assert_refused(command("train", f"--workdir={workdir}"), "config.json is damaged")


def test_a_workdir_with_another_run_is_refused_and_left_alone(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "other")
    before = {p: p.read_bytes() for p in workdir.rglob("*") if p.is_file()}
    different = train(workdir, *TINY, "--config.optimizer.learning_rate=0.1", "--config.seed=3")
    assert_refused(different, "different run", "optimizer.learning_rate was 0.05, is 0.1", "seed")
    shorter = train(workdir, *TINY, "--config.num_epochs=1")
    assert_refused(shorter, "a run with num_epochs 2", "raised, not lowered")
    assert {p: p.read_bytes() for p in workdir.rglob("*") if p.is_file()} == before

"""The training command: what it leaves, how it goes on, and what it says to mistakes."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import pepita_jax as pj
from tests.data import builders
from tests.experiments.commands import ROOT, TINY, assert_refused, command, train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A tiny finished run."""
    workdir = tmp_path_factory.mktemp("runs") / "tiny"
    done = train(workdir, *TINY, "--config.tensorboard=True")
    assert done.returncode == 0, done.stderr
    return workdir, done


def read_rows(workdir):
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]


def test_a_row_an_epoch_and_seed(finished):
    rows = read_rows(finished[0])
    assert [(row["epoch"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    for row in rows:
        assert row["learning_rate"] == pytest.approx(0.05)
        assert row["seconds"] > 0
        assert row["train_loss"] > 0
        assert 0 < row["train_accuracy"] < 1
        assert row["test_accuracy"] * 360 == pytest.approx(round(row["test_accuracy"] * 360))


def test_the_summary_is_the_last_epoch_s(finished):
    summary = json.loads((finished[0] / "summary.json").read_text())
    last = [row["test_accuracy"] for row in read_rows(finished[0])[-2:]]
    assert summary["test_accuracy"]["per_seed"] == last
    assert summary["test_accuracy"]["mean"] == pytest.approx(np.mean(last))
    assert summary["test_accuracy"]["std"] == pytest.approx(np.std(last, ddof=1))


def test_the_command_shows_progress_and_a_closing_table(finished):
    workdir, done = finished
    assert "epoch 1/2" in done.stderr
    assert "| pepita | mlp   | digits  | 2     | 2      |" in done.stdout
    assert str(workdir) in done.stdout


def test_config_plot_and_event_files_are_there(finished):
    config = json.loads((finished[0] / "config.json").read_text())
    assert config["rule"]["name"] == "pepita"
    assert config["model"]["hidden"] == [8]
    assert config["environment"]["jax"]
    assert (finished[0] / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert list(finished[0].glob("tensorboard/seed_1/events.*"))


def test_a_finished_run_is_left_as_it_is(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "copy")
    before = (workdir / "metrics.jsonl").read_text()
    again = train(workdir, *TINY)
    assert again.returncode == 0
    assert "all 2 epochs are done" in again.stderr
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


def test_another_optimizer_is_one_word_and_drops_the_momentum_of_sgd(tmp_path):
    workdir = tmp_path / "run"
    done = train(
        workdir, *TINY, "--config.optimizer.name=adamw", "--config.optimizer.b1=0.8",
        "--config.optimizer.learning_rate=0.004", "--config.schedule.epochs=(1,)",
        choice="bp,conv,digits",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    config = pj.load_run(workdir).config
    assert "momentum" not in config["optimizer"]
    assert config["optimizer"]["b1"] == 0.8
    rates = [row["learning_rate"] for row in read_rows(workdir)]
    np.testing.assert_allclose(rates, [0.004, 0.004, 0.0004, 0.0004], rtol=1e-6)


@pytest.mark.parametrize("option", ["update=time_local", "feedback=mirrored", "modulation=noise"])
def test_an_option_that_has_become_a_rule_is_refused_with_its_name(option, tmp_path):
    done = train(tmp_path / "run", *TINY, f"--config.rule.{option}")
    assert done.returncode == 2
    assert f"{option} is the rule" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


DEFAULT = "--config=configs/default.py"
MISTAKES = {
    "rule": ([f"{DEFAULT}:pepito,mlp,digits"], ["'pepito'", ", ".join(sorted(pj.RULES))]),
    "model": ([f"{DEFAULT}:bp,cnn,digits"], ["'cnn'", "conv, mlp"]),
    "dataset": ([f"{DEFAULT}:bp,mlp,imagenet"], ["'imagenet'", "cifar100, digits"]),
    "two words": ([f"{DEFAULT}:bp,mlp"], ["RULE,MODEL,DATASET"]),
    "no file": (["--config=configs/nothing.py:bp,mlp,digits"], ["configs/nothing.py"]),
    "optimizer": (["--config.optimizer.name=sdg"], ["'sdg'", "adamw", "sgd"]),
    "optimizer's option": (["--config.optimizer.b1=0.9"], ["'sgd' has no option 'b1'", "momentum"]),
    "rule's option": (["--config.rule.presynaptic=both"], ["'both'", "modulated, standard"]),
    "activation": (["--config.model.activation=gelu"], ["'gelu'", "linear, relu, tanh"]),
    "field": (["--config.num_epoch=3"], ["no such field", "num_epoch", "num_epochs"]),
    "field of a group": (["--config.rule.nothing=3"], ["no such field", "nothing"]),
    "option of another rule": ([f"{DEFAULT}:bp,mlp,digits",
                                "--config.rule.presynaptic=standard"], ["no such field"]),
    "field of a number": (["--config.num_epochs.x=3"], ["no such field: num_epochs.x"]),
    "type": (["--config.num_epochs=many"], ["--config.num_epochs=many: must be an integer"]),
    "fraction of an epoch": (["--config.num_epochs=1.5"], ["num_epochs=1.5: must be an integer"]),
    "no truth": (["--config.optimizer.nesterov=yes"], ["nesterov=yes: must be true or false"]),
    "word for a group": (["--config.schedule=cosine"], ["one by one, --config.schedule.epochs"]),
    "part of a group": (["--config.rule={'name': 'bp'}"], ["RULE,MODEL,DATASET", "colon"]),
    "type of another flag": (["--seeds_per_job=x"], ["--seeds_per_job=x: must be a positive int"]),
    "two configurations": ([f"{DEFAULT}:bp,mlp,digits"] * 2, ["--config is given 2 times"]),
    "no configuration": (["--config=bp,mlp,digits"], ["bp,mlp,digits names no Python file"]),
    "other Python": (["--config=configs/presets.py"], ["no get_config"]),
    "address": (["--workdir=gs://bucket/run"], ["gs://bucket/run is an address"]),
    "flag without effect": (["--parallel=3"], ["--parallel is for --launcher=local or slurm"]),
    "batch": (["--config.batch_size=2000"], ["2000", "training set (1437 images)"]),
    "no seeds": (["--config.num_seeds=0"], ["num_seeds must be an integer of at least 1"]),
    "no epochs": (["--config.num_epochs=0"], ["num_epochs must be an integer of at least 1"]),
    "negative rate": (["--config.optimizer.learning_rate=-0.1"], ["must be at least 0"]),
    "infinite rate": (["--config.optimizer.learning_rate=inf"], ["must be a finite number"]),
    "seed": (["--config.seed=4294967296"], ["seed must be at most 4294967295"]),
    "data set of another column": (["--config.dataset=mnist"], ["dataset", "RULE,MODEL,DATASET"]),
    "argument": (["num_epochs=3"], ["'num_epochs=3'"]),
    "flag": (["--epochs=3"], ["epochs", "--config.FIELD=VALUE"]),
    "missing data": ([f"{DEFAULT}:bp,mlp,mnist"], ["experiments.prepare_data mnist"]),
    "text for a width": (["--config.model.hidden=wide"], ["each of hidden must", "'wide'"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_line_and_leaves_nothing(mistake, tmp_path):
    arguments, words = MISTAKES[mistake]
    if not arguments[0].startswith("--config="):
        arguments = [f"{DEFAULT}:pepita,mlp,digits", *arguments]
    done = command("train", f"--workdir={tmp_path / 'run'}", *arguments)
    assert_refused(done, *words)
    assert not (tmp_path / "run").exists()


def test_no_workdir_is_a_mistake():
    assert_refused(command("train", f"{DEFAULT}:bp,mlp,digits"), "--workdir")
    assert_refused(command("train", f"{DEFAULT}:bp,mlp,digits", "--workdir="), "--workdir")
    assert_refused(command("train", "--workdir=x"), "--config=configs/default.py:RULE")
    late = ("--config.seed=1", f"{DEFAULT}:bp,mlp,digits", "--workdir=x")
    assert_refused(command("train", *late), "--config.seed=1 needs --config=", "before it")


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


def test_a_configuration_file_without_the_fields_is_a_mistake(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from ml_collections import ConfigDict\nget_config = lambda: ConfigDict()\n")
    assert_refused(
        command("train", f"--workdir={tmp_path}/run", f"--config={file}"),
        "lacks the fields",
        "num_seeds",
    )


def test_a_file_s_own_optimizer_has_no_momentum_of_sgd(tmp_path):
    file = tmp_path / "mine.py"
    lines = ["from configs import default", "def get_config():",
             "    config = default.get_config('bp,mlp,digits')",
             "    config.optimizer.name = 'rmsprop'",
             "    return config"]  # fmt: skip
    file.write_text("\n".join(lines))
    done = command("train", f"--config={file}", f"--workdir={tmp_path}/run", *TINY)
    assert done.returncode == 0, done.stderr
    assert "momentum" not in pj.load_run(tmp_path / "run").config["optimizer"]
    assert command("train", f"--workdir={tmp_path}/run").returncode == 0


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


def truncate(folder):
    path = next(folder.glob("*-train.array_record*"))
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize("damage", [empty, truncate])
def test_an_empty_or_truncated_data_set_is_refused(damage, tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    damage(folder)
    done = train(tmp_path / "run", choice="bp,mlp,mnist")
    assert_refused(done, "'mnist'", "python -m experiments.prepare_data mnist")
    assert not (tmp_path / "run").exists()


def test_a_workdir_with_another_run_is_refused_and_left_alone(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "other")
    before = {p: p.read_bytes() for p in workdir.rglob("*") if p.is_file()}
    different = train(workdir, *TINY, "--config.optimizer.learning_rate=0.1", "--config.seed=3")
    assert_refused(different, "different run", "optimizer.learning_rate was 0.05, is 0.1", "seed")
    shorter = train(workdir, *TINY, "--config.num_epochs=1")
    assert_refused(shorter, "a run with num_epochs 2", "raised, not lowered")
    assert {p: p.read_bytes() for p in workdir.rglob("*") if p.is_file()} == before


def test_a_workdir_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(train(tmp_path / "file" / "run", *TINY), "cannot be written")


def test_a_bug_in_a_configuration_file_keeps_its_traceback(tmp_path):
    file = tmp_path / "mine.py"
    for bug, kind in (("'a' + 1", TypeError), ("{}['a']", KeyError), ("[].a", AttributeError)):
        file.write_text(f"def get_config():\n    return {bug}\n")
        done = command("train", f"--workdir={tmp_path / 'run'}", f"--config={file}")
        assert done.returncode == 1
        assert "Traceback" in done.stderr
        assert kind.__name__ in done.stderr.splitlines()[-1]


def test_a_device_that_is_not_there_is_named(tmp_path):
    words = [sys.executable, "-m", "experiments.train", f"{DEFAULT}:bp,mlp,digits"]
    environment = os.environ | {"JAX_PLATFORMS": "abacus"}
    done = subprocess.run(
        [*words, f"--workdir={tmp_path / 'run'}"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert_refused(done, "JAX_PLATFORMS=abacus")


def test_without_docstrings_there_is_no_help():
    words = [sys.executable, "-OO", "-m", "experiments.sweep", "--help"]
    assert_refused(subprocess.run(words, cwd=ROOT, capture_output=True, text=True), "-OO")


def test_help_explains_every_field_and_option():
    done = command("train", "--help")
    assert done.returncode == 0
    assert "model.hidden [(1024,)]" in done.stdout
    for word in ("seeds_at_once", "schedule.epochs", "modulation_sign", "x + F e", "--workdir"):
        assert word in done.stdout
    for line in ("\n  rule pepita: Two", "\n    Options:", "\n        modulation_sign: 1 for"):
        assert line in done.stdout

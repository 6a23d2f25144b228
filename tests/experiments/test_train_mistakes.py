"""The training command: a mistake gets one line and leaves nothing; a bug keeps its traceback."""

import os
import subprocess
import sys

import pytest

from tests.data import builders
from tests.experiments.commands import ROOT, TINY, assert_refused, command, train


@pytest.mark.parametrize("option", ["update=time_local", "feedback=mirrored", "modulation=noise"])
def test_an_option_that_has_become_a_rule_is_refused_with_its_name(option, tmp_path):
    done = train(tmp_path / "run", *TINY, f"--config.rule.{option}")
    assert done.returncode == 2
    assert f"{option} is the rule" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


DEFAULT = "--config=configs/default.py"


MISTAKES = {
    "rule": ([f"{DEFAULT}:pepito,mlp,digits"], ["'pepito'; valid: pepita, ", "more"]),
    "model": ([f"{DEFAULT}:bp,cnn,digits"], ["'cnn'", "chain, conv, frenkel_conv, lenet5, mlp"]),
    "dataset": ([f"{DEFAULT}:bp,mlp,imagenet"], ["'imagenet'", "cifar100, digits"]),
    "two words": ([f"{DEFAULT}:bp,mlp"], ["RULE,MODEL,DATASET"]),
    "no file": (["--config=configs/nothing.py:bp,mlp,digits"], ["configs/nothing.py"]),
    "optimizer": (["--config.optimizer.name=sdg"], ["'sdg'; valid: sgd, "]),
    "optimizer's option": (["--config.optimizer.b1=0.9"], ["'sgd' has no option 'b1'", "momentum"]),
    "rule's option": (["--config.rule.presynaptic=both"], ["'both'", "modulated, standard"]),
    "activation": (["--config.model.activation=swish"], ["'swish'", "gelu, leaky_relu, linear"]),
    "layers": ([f"{DEFAULT}:bp,chain,digits", "--config.model.layers=conv 6 five"],
               ["layers, 'conv 6 five': 'five' is not an integer"]),
    "no layers": ([f"{DEFAULT}:bp,chain,digits"], ["model 'chain' needs layers, such as"]),
    "field": (["--config.num_epoch=3"], ["no such field", "num_epoch", "num_epochs"]),
    "field of a group": (["--config.rule.nothing=3"], ["no such field", "nothing"]),
    "option of another rule": ([f"{DEFAULT}:bp,mlp,digits",
                                "--config.rule.presynaptic=standard"], ["no such field"]),
    "option of another model": ([f"{DEFAULT}:bp,mlp,digits", "--config.model.layers=dense 3"],
                                ["no such field: model.layers", "model.hidden"]),
    "field of a number": (["--config.num_epochs.x=3"], ["no such field: num_epochs.x"]),
    "type": (["--config.num_epochs=many"], ["--config.num_epochs=many: must be an integer"]),
    "fraction of an epoch": (["--config.num_epochs=1.5"], ["num_epochs=1.5: must be an integer"]),
    "no truth": (["--config.optimizer.nesterov=yes"], ["nesterov=yes: must be true or false"]),
    "word for a group": (["--config.schedule=cosine"], ["one by one, --config.schedule.name"]),
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
    "rate that float32 cannot hold": (["--config.optimizer.learning_rate=1e39"], ["finite number"]),
    "no folder": (["--workdir="], ["--workdir= has no value"]),
    "seed": (["--config.seed=4294967296"], ["seed must be at most 4294967295"]),
    "data set of another column": (["--config.dataset=mnist"], ["dataset", "RULE,MODEL,DATASET"]),
    "argument": (["num_epochs=3"], ["'num_epochs=3'"]),
    "flag": (["--epochs=3"], ["epochs", "--config.FIELD=VALUE"]),
    "missing data": ([f"{DEFAULT}:bp,mlp,mnist"], ["experiments.prepare_data mnist"]),
    "old field": (["--config.whiten=true"], ["whiten is gone: give preprocess=whiten"]),
    "preprocess": (["--config.preprocess=zca"], ["'zca'", "none, rescale, standardize, whiten"]),
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


def test_a_configuration_file_without_the_fields_is_a_mistake(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from ml_collections import ConfigDict\nget_config = lambda: ConfigDict()\n")
    assert_refused(
        command("train", f"--workdir={tmp_path}/run", f"--config={file}"),
        "lacks the fields",
        "num_seeds",
    )


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


@pytest.mark.parametrize("bug", ["{}['a']", "int('a')"])
def test_a_bug_in_the_file_of_ones_own_rule_keeps_its_traceback(bug, tmp_path):
    (tmp_path / "buggy_rule.py").write_text(f"x = {bug}\n")
    words = [sys.executable, "-m", "experiments.train", f"{DEFAULT}:buggy_rule.Toy,mlp,digits"]
    done = subprocess.run(
        [*words, f"--workdir={tmp_path / 'run'}", "--config.rule.strength=2"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"x = {bug}" in done.stderr


def test_a_device_that_is_not_there_is_named(tmp_path):
    words = [sys.executable, "-m", "experiments.train", f"{DEFAULT}:bp,mlp,digits"]
    environment = os.environ | {"JAX_PLATFORMS": "abacus"}
    done = subprocess.run(
        [*words, f"--workdir={tmp_path / 'run'}"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert_refused(done, "JAX_PLATFORMS=abacus")

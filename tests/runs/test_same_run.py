"""A workdir takes the run that it holds, longer or wider, and refuses any other."""

import shutil

import jax.numpy as jnp
import pytest

from pepita_jax import UserError
from pepita_jax.runs import workdir as workdir_module
from pepita_jax.runs.environment import describe_environment
from pepita_jax.runs.workdir import Workdir
from tests.runs.workdirs import CONFIG, LAYOUT, group_folder, hold


@pytest.mark.parametrize(
    "fields", [{}, {"num_epochs": 6}, {"num_seeds": 3}, {"data_dir": "elsewhere"}]
)
def test_the_same_run_may_be_longer_or_read_its_data_elsewhere(fields, tmp_path):
    hold(tmp_path, epochs=1)
    hold(tmp_path, **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": 1}, "different run: seed was 0, is 1; use another workdir"),
        ({"model": {"hidden": (5,), "init": "x"}}, r"model\.hidden was \[4\], is \[5\]"),
        ({"new": 1}, "new was not set, is 1"),
        ({"num_epochs": 2}, "with num_epochs 3; it can be raised, not lowered"),
        (
            {"rule": {"name": "bp", "scale": 1}},
            "different run: rule.name was 'pepita', is 'bp'; use",
        ),
        ({"num_seeds": 1}, "with num_seeds 2; it can be raised, not lowered"),
    ],
)
def test_another_run_is_refused_and_its_field_named(fields, message, tmp_path):
    hold(tmp_path, epochs=3)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=message):
        hold(tmp_path, **fields)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_has_risen_for_some_seeds_cannot_be_lowered(tmp_path):
    hold(tmp_path, epochs=2)
    hold(tmp_path, epochs=2, num_seeds=3)
    workdir = Workdir(tmp_path)
    with workdir.hold({**CONFIG, "num_seeds": 3, "num_epochs": 9}) as groups:
        workdir.begin(LAYOUT)
        workdir.log(groups[0], "metrics", 3, {"train_accuracy": 0.5, "test_accuracy": 0.5})
        workdir.save(groups[0], 3, {"W": jnp.ones(3)})
    with pytest.raises(UserError, match="with num_epochs 3; it can be raised"):
        hold(tmp_path, num_seeds=3, num_epochs=2)
    hold(tmp_path, num_seeds=3, num_epochs=3)  # the six that have not been trained can be left


@pytest.mark.parametrize("left", ["metrics.jsonl", "summary.json"])
def test_results_without_their_configuration_are_left_alone(left, tmp_path):
    (tmp_path / left).write_text("results of another run")
    with pytest.raises(UserError, match=f"has {left} but no config.json"):
        hold(tmp_path)
    assert (tmp_path / left).read_text() == "results of another run"


def test_checkpoints_of_another_version_are_left_alone(tmp_path):
    (tmp_path / "checkpoints" / "5").mkdir(parents=True)
    with pytest.raises(UserError, match="holds 5, which this version has not written"):
        hold(tmp_path)


def test_seeds_from_another_run_or_there_twice_are_refused(tmp_path):
    hold(tmp_path / "here", epochs=1)
    hold(tmp_path / "there", epochs=1, num_seeds=4, seed=1)
    foreign = group_folder(tmp_path / "here", 2, 3)
    shutil.copytree(group_folder(tmp_path / "there", 0, 3), foreign)
    with pytest.raises(UserError, match=r"seeds_2-3 is of a different run.*: seed was 1, is 0"):
        hold(tmp_path / "here", num_seeds=4)
    shutil.rmtree(foreign)
    shutil.copytree(group_folder(tmp_path / "here", 0, 1), group_folder(tmp_path / "here", 1, 2))
    with pytest.raises(UserError, match="seeds_0-1 and seeds_1-2 have seeds in common"):
        hold(tmp_path / "here", num_seeds=4)


def test_seeds_that_were_trained_under_other_settings_are_not_read_together(tmp_path, monkeypatch):
    """As if two processes had begun at the same time on two machines."""
    hold(tmp_path / "one", epochs=1)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    hold(tmp_path / "two", epochs=1, num_seeds=3)
    shutil.copytree(group_folder(tmp_path / "two", 0, 2), group_folder(tmp_path / "one", 2, 4))
    with pytest.raises(UserError, match="seeds_0-1 and seeds_2-4 were trained under different"):
        Workdir(tmp_path / "one").read()


def test_a_run_from_before_settings_were_recorded_can_grow(tmp_path, monkeypatch):
    environment = describe_environment()
    del environment["settings"]
    monkeypatch.setattr(workdir_module, "describe_environment", lambda: environment)
    monkeypatch.setattr(Workdir, "begin", lambda self, layout: None)
    hold(tmp_path, epochs=1)
    monkeypatch.undo()
    hold(tmp_path, epochs=1, num_seeds=4)
    assert Workdir(tmp_path).read().seeds == [0, 1, 2, 3]

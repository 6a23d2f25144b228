"""The seed groups of a run: which ones there are, and which of them are read together."""

import shutil

import pytest

from pepita_jax import UserError
from pepita_jax.runs.workdir import Workdir
from tests.runs.workdirs import group_folder, hold


def test_seeds_beyond_those_that_are_there_form_a_group(tmp_path):
    assert hold(tmp_path) == [range(2)]
    assert hold(tmp_path, epochs=2, num_seeds=3) == [range(3)]  # nothing had been saved
    assert hold(tmp_path, epochs=1, num_seeds=5) == [range(3), range(3, 5)]
    assert hold(tmp_path, epochs=2, num_seeds=11) == [range(3), range(3, 5), range(5, 11)]
    assert Workdir(tmp_path).read().history("metrics")["test_accuracy"].shape == (11, 2)


def test_seeds_that_have_not_caught_up_are_not_read(tmp_path):
    hold(tmp_path, epochs=2)
    hold(tmp_path, epochs=1, num_seeds=3)
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.num_epochs) == (2, 2)
    assert saved.history("metrics")["test_accuracy"].shape == (2, 2)


def test_a_copy_of_a_group_is_named(tmp_path):
    hold(tmp_path, epochs=1)
    shutil.copytree(group_folder(tmp_path, 0, 1), tmp_path / "checkpoints" / "seeds_0-1.bak")
    with pytest.raises(UserError, match=r"holds seeds_0-1\.bak, which"):
        hold(tmp_path)


def test_seeds_that_were_removed_are_trained_again(tmp_path):
    hold(tmp_path, epochs=2)
    hold(tmp_path, epochs=2, num_seeds=3)
    hold(tmp_path, epochs=2, num_seeds=4)
    for removed in ((0, 1), (2, 2)):
        shutil.rmtree(group_folder(tmp_path, *removed))
        assert hold(tmp_path, num_seeds=4) == [range(2), range(2, 3), range(3, 4)]
        assert hold(tmp_path, epochs=2, num_seeds=4) == [range(2), range(2, 3), range(3, 4)]
    assert Workdir(tmp_path).read().history("metrics")["test_accuracy"].shape == (4, 2)


def test_only_seeds_after_the_same_epoch_are_read_together(tmp_path):
    hold(tmp_path, epochs=3)
    hold(tmp_path, epochs=3, num_seeds=3)
    next((group_folder(tmp_path, 0, 1) / "3").rglob("record.json")).write_text("{}")
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.seeds, saved.num_epochs) == (2, [0, 1], 2)
    shutil.rmtree(group_folder(tmp_path, 0, 1))
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.seeds, saved.num_epochs) == (1, [2], 3)
    assert saved.history("metrics")["test_accuracy"].shape == (1, 3)

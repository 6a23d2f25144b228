"""Disks that are full or cannot be written: one clear line, and what was saved still loads."""

import errno
import os
import subprocess

import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.data.prepare import prepare
from pepita_jax.runs.run import run
from tests.data import builders
from tests.experiments.commands import assert_refused, train
from tests.reliability.moments import Moments
from tests.reliability.runs import assert_same_run, make_config

BEFORE = {"num_epochs": 1}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run, and the number of changes that its last two epochs make to files."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    run(make_config(**BEFORE), workdir)
    with Moments(workdir) as moments:
        run(make_config(), workdir)
    return workdir, moments.count


def is_refused(whole, workdir, n, code):
    """Whether the run ends with the reason when its n-th change fails; it goes on afterwards."""

    def fail():
        raise OSError(code, os.strerror(code), str(workdir))

    run(make_config(**BEFORE), workdir)
    reasons = []
    with Moments(workdir, n, fail):
        try:
            run(make_config(), workdir)
        except pj.UserError as error:
            reasons.append(str(error))
    assert all(os.strerror(code) in reason for reason in reasons)
    assert pj.load_run(workdir).history["seconds"].shape[1] >= 1
    run(make_config(), workdir)
    assert_same_run(workdir, whole)
    return bool(reasons)


@pytest.mark.slow
def test_changes_that_fail(whole, tmp_path):
    (workdir, count), code = whole, errno.EROFS
    moments = [1 + part * (count - 1) // 3 for part in range(4)]
    refused = [is_refused(workdir, tmp_path / str(n), n, code) for n in moments]
    assert sum(refused) >= 2  # not if a folder that is there need not be made, or litter stays


@pytest.mark.slow
def test_every_change_that_fails(whole, tmp_path):
    workdir, count = whole
    refused = [is_refused(workdir, tmp_path / str(n), n, errno.ENOSPC) for n in range(1, count + 1)]
    print(f"failed at {count} moments, {sum(refused)} of them refused")


def mount(*words):
    return subprocess.run(["mount", *words], capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB, where the system lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)):
        pytest.skip("mounting a disk needs more rights")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_and_more_space_later(small_disk, tmp_path):
    """It has room for two checkpoints of 1.2 MB, not for three."""
    choice, fields = "bp,mlp,digits", {"model.hidden": (1024,)}
    tiny = ("--config.model.hidden=(1024,)", "--config.num_seeds=2", "--config.num_epochs=3")
    full = train(small_disk / "run", *tiny, choice=choice)
    assert full.returncode == 2
    last = full.stderr.strip().splitlines()[-1]
    assert last.startswith("error: epoch 3 cannot be saved: ")
    assert last.endswith("; the newest checkpoint is of epoch 2")
    assert "No space left on device" in last
    assert pj.load_run(small_disk / "run").history["seconds"].shape == (2, 2)
    assert mount("-o", "remount,size=50m", str(small_disk))
    for workdir in (small_disk / "run", tmp_path / "whole"):
        run(make_config(choice, **fields), workdir)
    assert_same_run(small_disk / "run", tmp_path / "whole")


def test_a_disk_that_can_only_be_read(small_disk):
    assert mount("-o", "remount,size=50m", str(small_disk))
    run(make_config(), small_disk / "run")
    assert mount("-o", "remount,ro", str(small_disk))
    tiny = ("--config.model.hidden=(8,)", "--config.num_seeds=2", "--config.num_epochs=4")
    for name in ("run", "new"):
        assert_refused(train(small_disk / name, *tiny), "Read-only file system")
    assert pj.load_run(small_disk / "run").history["seconds"].shape == (2, 3)


def test_a_data_set_and_its_cache_on_a_full_disk(small_disk, tmp_path, monkeypatch, capsys):
    assert mount("-o", "remount,size=64k", str(small_disk))
    builders.shrink(monkeypatch, "mnist", num_train=250)
    arrays = builders.make_arrays(pj.data.DATASETS["mnist"])
    source = builders.write_mnist(tmp_path / "originals", arrays)
    message = "cannot prepare 'mnist' in .*No space left on device.*--data_dir=FOLDER chooses"
    with pytest.raises(pj.UserError, match=message):
        prepare("mnist", data_dir=small_disk / "data", source=source)
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_disk / "cache"))
    capsys.readouterr()
    prepare("mnist", source=source)
    assert "cannot be cached" in capsys.readouterr().err
    assert len(pj.load_dataset("mnist").train[0]) == 250
    assert not [path for path in small_disk.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_training_goes_on_where_its_events_fill_the_disk(small_disk, tmp_path, capsys):
    assert mount("-o", "remount,size=16k", str(small_disk))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").symlink_to(small_disk)
    run(make_config(tensorboard=True, num_seeds=8), tmp_path / "run")
    run(make_config(num_seeds=8), tmp_path / "whole")
    assert capsys.readouterr().err.count("events could not be made (No space left on device)") == 1
    read = lambda name: pj.load_run(tmp_path / name).history["test_accuracy"]
    np.testing.assert_array_equal(read("run"), read("whole"))

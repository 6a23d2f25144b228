"""Disks that are full or cannot be written: one clear line, and what was saved before still loads."""

import errno
import os
import subprocess

import pytest

import pepita_jax as pj
from pepita_jax.run import run
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


def assert_survives(whole, workdir, n, code):
    """The n-th change fails: the run is refused with the reason, and goes on afterwards."""

    def fail():
        raise OSError(code, os.strerror(code), str(workdir))

    run(make_config(**BEFORE), workdir)
    with Moments(workdir, n, fail), pytest.raises(pj.UserError, match=os.strerror(code)):
        run(make_config(), workdir)
    assert pj.load_run(workdir).history["seconds"].shape[1] >= 1
    run(make_config(), workdir)
    assert_same_run(workdir, whole)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("part", range(5))
def test_a_change_that_fails(part, code, whole, tmp_path):
    workdir, count = whole
    assert_survives(workdir, tmp_path / "run", 1 + part * (count - 1) // 4, code)


@pytest.mark.slow
def test_every_change_that_fails(whole, tmp_path):
    workdir, count = whole
    for n in range(1, count + 1):
        assert_survives(workdir, tmp_path / str(n), n, errno.ENOSPC)
    print(f"failed at {count} moments")


def mount(*words):
    return subprocess.run(["mount", *words], capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB, where the system lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)):
        pytest.skip("mounting a disk needs more rights")
    yield folder
    subprocess.run(["umount", folder], check=True)


WIDE = ("--config.model.hidden=(64,)", "--config.num_seeds=2", "--config.num_epochs=3")


def test_a_full_disk_and_more_space_later(small_disk, tmp_path):
    choice, wide = "bp,mlp,digits", {"model.hidden": (64,)}
    full = train(small_disk / "run", *WIDE, choice=choice)
    assert full.returncode == 2
    last = full.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "No space left on device" in last
    assert mount("-o", "remount,size=50m", str(small_disk))
    for workdir in (small_disk / "run", tmp_path / "whole"):
        run(make_config(choice, **wide), workdir)
    assert_same_run(small_disk / "run", tmp_path / "whole")


def test_a_disk_that_can_only_be_read(small_disk):
    assert mount("-o", "remount,size=50m", str(small_disk))
    run(make_config(), small_disk / "run")
    assert mount("-o", "remount,ro", str(small_disk))
    tiny = ("--config.model.hidden=(8,)", "--config.num_seeds=2", "--config.num_epochs=4")
    for name in ("run", "new"):
        assert_refused(train(small_disk / name, *tiny), "Read-only file system")
    assert pj.load_run(small_disk / "run").history["seconds"].shape == (2, 3)

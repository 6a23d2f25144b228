"""Whenever a run is killed, the same command ends with the same bits."""

import os
import signal
import subprocess
import sys

import pytest

from pepita_jax.run import run
from tests.experiments.commands import ROOT
from tests.reliability.moments import Moments
from tests.reliability.runs import CHOICE, FIELDS, assert_same_run, make_config

COMMAND = [f"--config=configs/default.py:{CHOICE}"]
COMMAND += [f"--config.{field}={value}".replace(" ", "") for field, value in FIELDS.items()]
FAST, DELAYS = 6, (0.02, 0.3)  # seconds: inside a checkpoint's compiled code; while compiling


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run, and the number of changes that it makes to its files."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    with Moments(workdir) as moments:
        run(make_config(), workdir)
    return workdir, moments.count


def train_and_kill(workdir, n, delay=0.0):
    """Runs the command until its n-th change, in a process of its own with two devices."""
    flags = "--xla_force_host_platform_device_count=2"
    arguments = [str(n), str(delay), str(workdir), *COMMAND, f"--workdir={workdir}"]
    return subprocess.run(
        [sys.executable, "-m", "tests.reliability.moments", *arguments],
        cwd=ROOT, env=os.environ | {"XLA_FLAGS": flags}, capture_output=True, text=True,
    )  # fmt: skip


def assert_goes_on(whole, workdir, n, delay=0.0):
    killed = train_and_kill(workdir, n, delay)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run(make_config(), workdir)
    assert_same_run(workdir, whole)


@pytest.mark.parametrize("part", range(FAST))
def test_killed_before_a_change_to_its_files(part, whole, tmp_path):
    workdir, count = whole
    assert count > 50
    assert_goes_on(workdir, tmp_path / "run", 1 + part * (count - 1) // (FAST - 1))


@pytest.mark.parametrize("delay", DELAYS)
def test_killed_some_time_after_a_change(delay, whole, tmp_path):
    assert_goes_on(whole[0], tmp_path / "run", 10, delay)


def test_killed_again_and_again(whole, tmp_path):
    workdir = tmp_path / "run"
    for n in (30, 25, 40):
        assert train_and_kill(workdir, n).returncode == -signal.SIGKILL
    assert train_and_kill(workdir, 10_000).returncode == 0
    assert_same_run(workdir, whole[0])


@pytest.mark.slow
def test_killed_before_every_change_to_its_files(whole, tmp_path):
    workdir, count = whole
    for n in range(1, count + 1):
        assert_goes_on(workdir, tmp_path / str(n), n)
    print(f"killed at {count} moments")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(40))
def test_killed_at_any_time(part, whole, tmp_path):
    """Mid-epoch, while compiling, and while orbax writes, where Python changes nothing."""
    workdir, count = whole
    assert_goes_on(workdir, tmp_path / "run", 1 + 7 * part % (count - 10), 0.003 * (part % 8 + 1))

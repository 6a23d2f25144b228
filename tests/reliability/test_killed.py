"""Whenever a run is killed, the same command ends with the same bits."""

import os
import signal
import subprocess
import sys

import pytest

from pepita_jax.runs.run import run
from tests.cases import slow_after
from tests.experiments.commands import ROOT
from tests.reliability.moments import Moments
from tests.reliability.runs import CHOICE, FIELDS, assert_same_run, make_config

COMMAND = [f"--config=configs/default.py:{CHOICE}"]
COMMAND += [f"--config.{field}={value}".replace(" ", "") for field, value in FIELDS.items()]
# What is in the workdir at first: nothing, or a run of one seed and one epoch.
STARTS = {"nothing": None, "less": {"num_seeds": 1, "num_epochs": 1}}
FAST, DELAYS = 2, (0.02, 0.3)  # seconds: inside a checkpoint's compiled code; while compiling


class Case:
    """Where runs of one start begin and end, and how many changes an uninterrupted one makes."""

    def __init__(self, start, workdir):
        self.start, self.workdir = STARTS[start], workdir
        self.begin(workdir)
        with Moments(workdir) as moments:
            run(make_config(), workdir)
        self.count = moments.count

    def begin(self, workdir):
        if self.start:
            run(make_config(**self.start), workdir)


@pytest.fixture(scope="module", params=["nothing", pytest.param("less", marks=pytest.mark.slow)])
def case(request, tmp_path_factory):
    return Case(request.param, tmp_path_factory.mktemp("runs") / "whole")


def train_and_kill(workdir, n, delay=0.0):
    """Runs the command until its n-th change, in a process of its own with two devices."""
    arguments = [str(n), str(delay), str(workdir), *COMMAND, f"--workdir={workdir}"]
    return subprocess.run(
        [sys.executable, "-m", "tests.reliability.moments", *arguments],
        cwd=ROOT, env=os.environ | {"JAX_NUM_CPU_DEVICES": "2"}, capture_output=True, text=True,
    )  # fmt: skip


def assert_goes_on(case, workdir, n, delay=0.0):
    case.begin(workdir)
    killed = train_and_kill(workdir, n, delay)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run(make_config(), workdir)
    assert_same_run(workdir, case.workdir)


@pytest.mark.parametrize("part", slow_after(1, range(FAST)))
def test_killed_before_a_change_to_its_files(part, case, tmp_path):
    assert case.count > 50
    assert_goes_on(case, tmp_path / "run", (1 + 2 * part) * case.count // (2 * FAST))


@pytest.mark.slow
@pytest.mark.parametrize("delay", DELAYS)
def test_killed_some_time_after_a_change(delay, case, tmp_path):
    assert_goes_on(case, tmp_path / "run", 10, delay)


@pytest.mark.slow
def test_killed_again_and_again(case, tmp_path):
    workdir = tmp_path / "run"
    case.begin(workdir)
    for n in (30, 25):
        assert train_and_kill(workdir, n).returncode == -signal.SIGKILL
    assert train_and_kill(workdir, 10_000).returncode == 0
    assert_same_run(workdir, case.workdir)


@pytest.mark.slow
def test_killed_before_every_change_to_its_files(case, tmp_path):
    for n in range(1, case.count + 1):
        assert_goes_on(case, tmp_path / str(n), n)
    print(f"killed at {case.count} moments")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(40))
def test_killed_at_any_time(part, case, tmp_path):
    """Mid-epoch, while compiling, and while orbax writes, where Python changes nothing."""
    moment = 1 + 7 * part % (case.count - 10)
    assert_goes_on(case, tmp_path / "run", moment, 0.003 * (part % 8 + 1))

"""Standard streams that are closed, full or go away: training goes on as if they were not."""

import json
import os
import pty
import shlex
import subprocess
import sys

import pytest

from pepita_jax.runs.run import run
from tests.experiments.commands import ROOT
from tests.reliability.runs import assert_same_results, make_config

TINY = ("--config=configs/default.py:pepita,mlp,digits", "--config.num_seeds=2",
        "--config.num_epochs=3", "--config.model.hidden=(8,)")  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    run(make_config(), workdir)
    return workdir


def words(workdir):
    return [sys.executable, "-m", "experiments.train", *TINY, f"--workdir={workdir}"]


def shell(line):
    """The exit status of a line's first command, and what is printed."""
    line = f"{line}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True)


FULL = "standard output cannot be written (No space left on device)"
slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ("<&- >&- 2>&-", ""),
        pytest.param("2>&1 | head -1", "epochs 1 to 3, each of 44 steps", marks=slow),
        pytest.param(">/dev/full", FULL, marks=slow),
        pytest.param(">&-", "epoch 3/3", marks=slow),
        pytest.param("2>&-", "summary.json", marks=slow),
        pytest.param("2>/dev/full", "summary.json", marks=slow),
    ],
)
def test_training_goes_on_whatever_becomes_of_the_streams(streams, said, whole, tmp_path):
    done = shell(f"{shlex.join(words(tmp_path / 'run'))} {streams}")
    assert done.returncode == 0
    printed = done.stdout + done.stderr
    assert said in printed
    assert "Traceback" not in printed
    assert "Exception ignored" not in printed
    assert_same_results(tmp_path / "run", whole)


@pytest.mark.slow
def test_training_goes_on_where_the_terminal_has_gone(whole, tmp_path):
    ours, terminal = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    process = subprocess.Popen(words(tmp_path / "run"), cwd=ROOT, **streams)
    os.close(terminal)
    os.read(ours, 1)  # the progress bar has begun
    os.close(ours)
    assert process.wait(60) == 0
    assert_same_results(tmp_path / "run", whole)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("train --help | true", 0),
        ("train 2>&-", 2),
        pytest.param("train 2>/dev/full", 2, marks=slow),
        pytest.param("report nowhere 2>&1 | true", 2, marks=slow),
    ],
)
def test_help_and_mistakes_keep_their_status(line, status):
    done = shell(f"{sys.executable} -m experiments.{line}")
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_a_command_that_only_prints_fails_where_that_is_lost():
    done = shell(f"{sys.executable} -m experiments.train --help >/dev/full")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last == "error: what was to be printed is lost (No space left on device)"


def test_a_report_writes_its_files_where_its_table_is_lost(whole, tmp_path):
    file = tmp_path / "figures.json"
    line = f"{sys.executable} -m experiments.report {whole} --json={file} >/dev/full"
    assert shell(line).returncode == 2
    assert json.loads(file.read_text())[0]["seeds"] == [0, 1]

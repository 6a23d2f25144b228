"""Ctrl-C and SIGTERM."""

import signal
import subprocess
import sys
import time

import pytest

from pepita_jax.runs.run import run
from tests.experiments.commands import ROOT
from tests.reliability.runs import assert_same_run, make_config

PROMISED = 5  # seconds from a signal that stops at once to the end
NUM_EPOCHS = 150
# Nearly all the time is spent in compiled code.
SLOW = ("--config.model.hidden=(4096,4096)", "--config.checkpoint_every=100",
        "--config.log_alignment=False")  # fmt: skip


@pytest.fixture
def start(tmp_path):
    """Starts the command and waits until it has trained some epochs."""
    started = []

    def start(*fields, epochs=1):
        command = [sys.executable, "-m", "experiments.train", f"--workdir={tmp_path / 'run'}"]
        fields = ("--config.num_seeds=2", f"--config.num_epochs={NUM_EPOCHS}", *fields)
        process = subprocess.Popen(
            [*command, "--config=configs/default.py:pepita,mlp,digits", *fields],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        lines = []
        while not any(f"epoch {epochs}/" in line for line in lines):
            lines.append(process.stderr.readline())
            assert lines[-1], "".join(lines)
        return process

    yield start
    for process in started:
        process.kill()
        process.stderr.close()
        process.wait()


def finish(process, number):
    """Sends a signal; returns standard error."""
    process.send_signal(number)
    process.wait(PROMISED)
    return process.stderr.read()


def test_ctrl_c_finishes_the_epoch_and_the_same_command_goes_on(start, tmp_path):
    process = start("--config.model.hidden=(8,)", "--config.checkpoint_every=100", epochs=2)
    said = finish(process, signal.SIGINT)
    assert process.returncode == 130
    assert "finishing this epoch; press Ctrl-C again to stop immediately" in said
    last = said.strip().splitlines()[-1]
    assert last.startswith("stopped after epoch ")
    assert last.endswith(f" of {NUM_EPOCHS}; repeat the command to resume")
    stopped = int(last.split()[3])
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(rows) == 2 * stopped
    for name in ("run", "whole"):
        run(make_config(num_epochs=NUM_EPOCHS, checkpoint_every=100), tmp_path / name)
    assert_same_run(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_sigterm_stops_at_once_inside_compiled_code(start):
    process = start(*SLOW)
    said = finish(process, signal.SIGTERM)
    assert process.returncode == 143
    assert said.strip().splitlines()[-1].startswith("stopped; repeat the command to resume from")


@pytest.mark.slow
def test_sigterm_stops_at_once_where_nobody_listens_any_more(start):
    process = start(*SLOW)
    process.stderr.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PROMISED) == 143


@pytest.mark.slow
def test_a_second_ctrl_c_stops_at_once(start):
    process = start(*SLOW)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    said = finish(process, signal.SIGINT)
    assert process.returncode == 130
    assert said.strip().splitlines()[-1].startswith("stopped; repeat the command to resume from")

"""Running the project's command lines as a user does."""

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TINY = ("--config.num_seeds=2", "--config.num_epochs=2", "--config.model.hidden=(8,)")


@cache
def _server():
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.experiments.command_server"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(server.kill)
    return server


def command(module, *arguments):
    """Runs `python -m experiments.MODULE ARGUMENTS` from the project's root."""
    words = [f"experiments.{module}", *map(str, arguments)]
    print(json.dumps([dict(os.environ), words]), file=_server().stdin, flush=True)
    return subprocess.CompletedProcess(words, *json.loads(_server().stdout.readline()))


def train(workdir, *arguments, choice="pepita,mlp,digits"):
    config = f"--config=configs/default.py:{choice}"
    return command("train", config, f"--workdir={workdir}", *arguments)


def reproduce(*arguments):
    """`experiments.reproduce`, which must succeed."""
    done = command("reproduce", *arguments)
    assert done.returncode == 0, done.stderr
    return done


def assert_refused(done, *words):
    """Exit status 2 and one line on standard error that holds all `words`."""
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert "Traceback" not in lines[0]
    for word in words:
        assert word in lines[0]


def read_rows(workdir):
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]

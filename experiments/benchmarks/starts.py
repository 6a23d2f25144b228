"""The time from the start of a process to its first training step, and its memory.

    python -m experiments.benchmarks.starts MODEL SHAPE RULE

is the process. `measure_starts` runs it twice: first with an empty cache of JAX's programs, then
with the filled one.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments.benchmarks.epochs import NUM_TRAIN
from experiments.benchmarks.steps import Case
from experiments.command_line import cli

ROOT = Path(__file__).parents[2]


def measure_starts(model, shape, rule):
    """A row with the seconds to the first step of ten seeds, and the memory of the process."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (_start(model, shape, rule, cache) for _ in range(2))
    return {
        "model": model,
        "shape": shape,
        "rule": rule,
        "imports, s": warm["imported"],
        "first start, s": cold["first step"],
        "second start, s": warm["first step"],
        "compilation, s": cold["compilation"],
        "peak memory, MiB": cold["peak memory, MiB"],
    }


def _start(model, shape, rule, cache):
    """The report of one process, with times in seconds from its start."""
    environment = os.environ | {
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    module = [sys.executable, "-m", "experiments.benchmarks.starts", model, shape, rule]
    start = time.time()
    done = subprocess.run(
        module, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    report = json.loads(done.stdout)
    stamps = {name: report[name] - start for name in ("imported", "first step")}
    return report | stamps


def report(model, shape, rule):
    """Takes two steps, and prints their times as JSON."""
    stamps = {"imported": time.time()}
    cli.prepare_process()
    case = Case(model, shape, rule, num_images=NUM_TRAIN[shape])
    trainer = case.trainer()
    plan = trainer.stages.plan_epoch(trainer.keys, 1)
    states, durations = trainer.init(), []
    for step in range(2):
        start = time.time()
        states, sums = trainer.stages.train_steps(
            states, trainer.numbers, plan, step, step + 1, trainer.data
        )
        sums["loss"].block_until_ready()
        durations.append(time.time() - start)
        stamps.setdefault("first step", time.time())
    stamps["compilation"] = durations[0] - durations[1]
    stamps["peak memory, MiB"] = _peak_memory()
    print(json.dumps(stamps))


def _peak_memory():
    """In MiB; None without /proc. getrusage would include the memory of the parent."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peak = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return peak[0] / 1024 if peak else None


if __name__ == "__main__":
    report(*sys.argv[1:])

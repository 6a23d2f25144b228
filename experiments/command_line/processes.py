"""Jobs as processes that share this machine's cores and GPUs."""

import os
import subprocess
import sys
import time
from pathlib import Path

from experiments.command_line import signals
from pepita_jax.errors import DivergedError, StoppedError, UserError
from pepita_jax.files import file_errors
from pepita_jax.words import counted, list_some

POLL = 0.2  # seconds
DONE = (0, DivergedError.exit_status)
STOPPED = (StoppedError.exit_status, -signals.ASK)


def launch_processes(jobs, logs, limit):
    """Runs the jobs as processes, at most `limit` at a time; yields each one when it is done.

    After Ctrl-C, each job finishes its epoch. When this process ends, its jobs end too.

    Args:
        jobs: `Job`s.
        logs: folder for what the jobs print, one file per job.
        limit: most processes at a time.

    Raises:
        StoppedError: Ctrl-C was pressed.
        UserError: a job has failed; all others are done.
    """
    with file_errors(logs):
        logs.mkdir(parents=True, exist_ok=True)
    plan = f"{counted(len(jobs), 'job')}, {limit} at a time"
    print(f"{plan}; output is in {logs}", file=sys.stderr)
    waiting, running, failed, asked = list(jobs), {}, [], False
    with signals.stopping_gently() as should_stop:
        while running or (waiting and not asked):
            if should_stop() and not asked:
                asked = True
                for process, _ in running.values():
                    process.send_signal(signals.ASK)
            for place in set(range(limit)) - running.keys():
                if waiting and not asked:
                    job = waiting.pop(0)
                    running[place] = _start(job, logs, place, limit), job
            time.sleep(POLL)
            for place, (process, job) in list(running.items()):
                if process.poll() is not None:
                    del running[place]
                    if process.returncode in DONE:
                        yield job
                    elif not (asked and process.returncode in STOPPED):
                        failed.append(f"{job}: {_last_line(_log(job, logs))}")
    if failed:
        how_many = f"{counted(len(failed), 'job')} failed (see {logs})"
        raise UserError(f"{how_many}: {list_some(failed, '; ')}")
    if asked:
        raise StoppedError("stopped; repeat the command to resume")


def share(items, place, places):
    """The items for one of several processes; several share an item if there are too few."""
    return items[place::places] or items[place % len(items) :][:1] if items else []


def _start(job, logs, place, places):
    """A process that trains a job on its share of the machine."""
    cores = ",".join(map(str, share(_cores(), place, places)))
    with file_errors(logs), open(_log(job, logs), "a") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "experiments.command_line.child", cores, *job.arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | _gpus(place, places),
            start_new_session=True,  # otherwise the job would get Ctrl-C twice
        )


def _cores():
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count()))


def _gpus(place, places):
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = [str(i) for i, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    gpus = share(there if chosen is None else chosen.split(","), place, places)
    return {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}


def _log(job, logs):
    return logs / f"{job}.txt"


def _last_line(path):
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"

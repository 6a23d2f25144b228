"""Jobs on a SLURM cluster, through submitit: an array, whose jobs are requeued and go on.

The folder of the run must be one that all nodes see, and the command be run from the clone.
"""

import json
import subprocess
import sys
import time
import traceback

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import Checkpointable

from experiments import cli, signals
from pepita_jax import watching
from pepita_jax.errors import StoppedError, UserError, require
from pepita_jax.storage.files import file_errors, replace_file
from pepita_jax.words import list_some

POLL = 2.0  # seconds
PATIENCE = 60.0  # seconds that a result may take to be seen on a shared disk, or SLURM to answer
MAX_TIMEOUTS = 100  # for a job that saves nothing in its time would never end
WAITING = "the jobs go on; the same command waits for them, scancel ends them"


class Resumable(Checkpointable):
    """A task that submitit starts anew when it was preempted or has used up its time.

    Its result is None, or in a line why it has failed.
    """

    def __init__(self, task):
        self.task = task

    def __call__(self):
        watching.protect_streams()
        cli.prepare_process()
        try:
            self.task()
        except UserError as error:
            traceback.print_exc()
            return str(error)


def launch_on_slurm(tasks, folder, parameters):
    """Submits the tasks that are not in the queue yet, and yields each when it is done.

    Args:
        tasks: `Task`s.
        folder: for submitit's files and what the jobs print.
        parameters: of submitit's `SlurmExecutor`.

    Raises:
        StoppedError: Ctrl-C was pressed; the jobs stay in the queue.
        UserError: there is no cluster, it refuses the jobs, or a job has failed; all others have
            been done.
    """
    failed, last_seen = [], {}
    with signals.stopping_gently(WAITING, WAITING) as should_stop:
        jobs = _submit(tasks, folder, parameters)
        print(f"{len(jobs)} jobs in the queue; what they print is in {folder}", file=sys.stderr)
        while jobs and not should_stop():
            time.sleep(POLL)
            queued, now = _queue(PATIENCE), time.monotonic()
            for task, job in list(jobs.items()):
                if job.job_id in queued:
                    last_seen[task] = now
                is_done = job.paths.result_pickle.exists()
                if is_done or now - last_seen.setdefault(task, now) > PATIENCE:
                    del jobs[task]
                    problem = _problem(job) if is_done else "it has left the queue"
                    if problem:
                        failed.append(f"{task}: {problem} (see {job.paths.stderr})")
                    else:
                        yield task
    if failed:
        raise UserError(f"{len(failed)} jobs have failed: {list_some(failed, '; ')}")
    if jobs:
        raise StoppedError(WAITING)


def _submit(tasks, folder, parameters):
    """`{task: submitit's job}`; those that are in the queue already are left there."""
    path = folder / "jobs.json"
    with file_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        submitted = json.loads(path.read_text()) if path.exists() else {}
    queued = _queue()
    there = {task: submitted[str(task)] for task in tasks if submitted.get(str(task)) in queued}
    jobs = {task: submitit.SlurmJob(folder, job_id) for task, job_id in there.items()}
    new = [task for task in tasks if task not in jobs]
    if new:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=MAX_TIMEOUTS)
        executor.update_parameters(**parameters)
        try:
            jobs |= zip(new, executor.submit_array([Resumable(task) for task in new]), strict=True)
        except (FailedJobError, FailedSubmissionError) as error:
            raise UserError(f"SLURM refuses the jobs: {error}") from error
    with file_errors(folder):
        submitted |= {str(task): job.job_id for task, job in jobs.items()}
        replace_file(path, json.dumps(submitted, indent=1))
    return jobs


def _queue(patience=0.0):
    """Identifiers of the user's jobs that wait or run; tries for some seconds to get an answer."""
    command = ["squeue", "--me", "--array", "--noheader", "--format=%i"]
    end = time.monotonic() + patience
    while True:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return set(done.stdout.split())
        require(time.monotonic() < end, f"SLURM does not answer: {done.stderr}")
        time.sleep(POLL)


def _problem(job):
    """Why a job that has ended has failed, in a line; None if it has not."""
    error = job.exception()
    return job.result() if error is None else "it has ended with an error"

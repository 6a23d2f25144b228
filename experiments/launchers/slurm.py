"""Jobs on a SLURM cluster, through submitit: an array, whose jobs are requeued and go on.

The folder of the run must be one that all nodes see, and the command be run from the clone.
"""

import json
import subprocess
import time

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import Checkpointable

from experiments import cli, signals
from pepita_jax.errors import StoppedError, UserError
from pepita_jax.storage.files import file_errors, replace_file

POLL = 2.0  # seconds
MAX_TIMEOUTS = 1000  # each of them leaves the job further on


class Job(Checkpointable):
    """A task that submitit starts anew when it was preempted or has used up its time."""

    def __init__(self, task):
        self.task = task

    def __call__(self):
        cli.make_every_core_a_device()
        self.task()


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
    jobs, failed, gone = _submit(tasks, folder, parameters), [], set()
    with signals.stopping_gently() as should_stop:
        while jobs and not should_stop():
            time.sleep(POLL)
            done = {task for task, job in jobs.items() if job.paths.result_pickle.exists()}
            gone_before, queued = gone, _queue()
            gone = {task for task, job in jobs.items() if job.job_id not in queued} - done
            for task in done | (gone & gone_before):  # results may come late on a shared disk
                job = jobs.pop(task)
                problem = _problem(job) if task in done else "it has left the queue"
                if problem:
                    failed.append(f"{task}: {problem} (see {job.paths.stderr})")
                else:
                    yield task
    if failed:
        raise UserError(f"{len(failed)} jobs have failed: {'; '.join(failed)}")
    if jobs:
        raise StoppedError("the jobs go on; the same command waits for them, scancel ends them")


def _submit(tasks, folder, parameters):
    """`{task: submitit's job}`; those that are in the queue already are left there."""
    path = folder / "jobs.json"
    with file_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        earlier = json.loads(path.read_text()) if path.exists() else {}
    queued = _queue()
    there = {task: earlier[str(task)] for task in tasks if earlier.get(str(task)) in queued}
    jobs = {task: submitit.SlurmJob(folder, job_id) for task, job_id in there.items()}
    new = [task for task in tasks if task not in jobs]
    if new:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=MAX_TIMEOUTS)
        executor.update_parameters(**parameters)
        try:
            jobs |= zip(new, executor.submit_array([Job(task) for task in new]), strict=True)
        except (FailedJobError, FailedSubmissionError) as error:
            raise UserError(f"SLURM refuses the jobs: {error}") from error
    with file_errors(folder):
        replace_file(path, json.dumps({str(task): job.job_id for task, job in jobs.items()}))
    return jobs


def _queue():
    """Identifiers of the user's jobs that wait or run."""
    command = ["squeue", "--me", "--array", "--noheader", "--format=%i"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise UserError("--launcher=slurm: this machine has no SLURM (squeue)") from error
    except subprocess.CalledProcessError as error:
        raise UserError(f"SLURM does not answer: {error.stderr}") from error
    return set(done.stdout.split())


def _problem(job):
    """Why a job that has ended has failed, in a line; None if it has not."""
    error = job.exception()
    return error and str(error).strip().splitlines()[-1]

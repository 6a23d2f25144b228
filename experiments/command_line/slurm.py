"""Jobs on a SLURM cluster, through submitit: one job array, whose jobs are requeued and continue.

All nodes must see the folder of the run. The command must be started in the project's root.
"""

import json
import subprocess
import sys
import time
import traceback

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import Checkpointable

from experiments.command_line import cli, signals
from pepita_jax import watching
from pepita_jax.errors import StoppedError, UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.words import counted, list_some

POLL = 2.0  # seconds
PATIENCE = 60.0  # seconds: the longest wait for a result on a shared disk, or for SLURM
MAX_TIMEOUTS = 100  # a job that saves nothing within its time limit would never end
WAITING = "the jobs continue; repeat the command to wait for them, or end them with scancel"


class Resumable(Checkpointable):
    """A job that submitit starts again after a preemption or at the end of its time limit.

    Its result is None, or one line that says why it has failed.
    """

    def __init__(self, job):
        self.job = job

    def __call__(self):
        watching.protect_streams()
        cli.prepare_process()
        try:
            self.job()
        except UserError as error:
            traceback.print_exc()
            return str(error)


def launch_on_slurm(jobs, folder, parameters):
    """Submits the jobs that are not in the queue yet, and yields each one when it is done.

    Args:
        jobs: `Job`s.
        folder: for submitit's files and what the jobs print.
        parameters: of submitit's `SlurmExecutor`.

    Raises:
        StoppedError: Ctrl-C was pressed; the jobs stay in the queue.
        UserError: there is no cluster, or it refuses the jobs, or a job has failed and all others
            are done.
    """
    failed, last_seen = [], {}
    with signals.stopping_gently(WAITING, WAITING) as should_stop:
        slurm_jobs = _submit(jobs, folder, parameters)
        print(
            f"{counted(len(slurm_jobs), 'job')} in the queue; output is in {folder}",
            file=sys.stderr,
        )
        while slurm_jobs and not should_stop():
            time.sleep(POLL)
            queued, now = _queue(PATIENCE), time.monotonic()
            for job, slurm_job in list(slurm_jobs.items()):
                if slurm_job.job_id in queued:
                    last_seen[job] = now
                is_done = slurm_job.paths.result_pickle.exists()
                if is_done or now - last_seen.setdefault(job, now) > PATIENCE:
                    del slurm_jobs[job]
                    problem = _problem(slurm_job) if is_done else "it has left the queue"
                    if problem:
                        failed.append(f"{job}: {problem} (see {slurm_job.paths.stderr})")
                    else:
                        yield job
    if failed:
        raise UserError(f"{counted(len(failed), 'job')} failed: {list_some(failed, '; ')}")
    if slurm_jobs:
        raise StoppedError(WAITING)


def _submit(jobs, folder, parameters):
    """Submits the jobs that are not in the queue; returns `{job: submitit's job}` of all."""
    path = folder / "jobs.json"
    with file_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        submitted = json.loads(path.read_text()) if path.exists() else {}
    queued = _queue()
    there = {job: submitted[str(job)] for job in jobs if submitted.get(str(job)) in queued}
    slurm_jobs = {job: submitit.SlurmJob(folder, job_id) for job, job_id in there.items()}
    new = [job for job in jobs if job not in slurm_jobs]
    if new:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=MAX_TIMEOUTS)
        executor.update_parameters(**parameters)
        try:
            slurm_jobs |= zip(
                new, executor.submit_array([Resumable(job) for job in new]), strict=True
            )
        except (FailedJobError, FailedSubmissionError) as error:
            raise UserError(f"SLURM refuses the jobs: {error}") from error
    with file_errors(folder):
        submitted |= {str(job): slurm_job.job_id for job, slurm_job in slurm_jobs.items()}
        replace_file(path, json.dumps(submitted, indent=1))
    return slurm_jobs


def _queue(patience=0.0):
    """Identifiers of the user's jobs that wait or run; asks again for `patience` seconds."""
    command = ["squeue", "--me", "--array", "--noheader", "--format=%i"]
    end = time.monotonic() + patience
    while True:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return set(done.stdout.split())
        require(time.monotonic() < end, f"SLURM does not answer: {done.stderr}")
        time.sleep(POLL)


def _problem(slurm_job):
    """One line that says why an ended job has failed; None if it has not."""
    error = slurm_job.exception()
    return slurm_job.result() if error is None else "it has ended with an error"

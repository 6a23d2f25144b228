"""The options that say where jobs are trained, and the training of jobs there."""

import os
import shlex
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from absl import flags

from experiments.command_line import signals
from experiments.command_line.jobs import make_jobs
from experiments.command_line.processes import launch_processes
from pepita_jax.data import load_stored
from pepita_jax.errors import UserError, require
from pepita_jax.runs.workdir import Workdir
from pepita_jax.watching import require_printed
from pepita_jax.words import counted

LAUNCHER = flags.DEFINE_enum(
    "launcher", "here", ["here", "local", "slurm", "print"],
    "where the jobs run: here in this process, one after another; local in processes that share "
    "this machine; slurm on a cluster (extra: slurm); print only prints their commands",
)  # fmt: skip
SEEDS_PER_JOB = flags.DEFINE_integer(
    "seeds_per_job", None, "most seeds per job, over all of its settings; default: no limit", 1
)
PARALLEL = flags.DEFINE_integer("parallel", 2, "most jobs at a time, for local and slurm", 1)
PARTITION = flags.DEFINE_string(
    "slurm_partition", None, "partition of the cluster; default: its own"
)
MINUTES = flags.DEFINE_integer(
    "slurm_time", 240, "minutes per job; a job that needs more is requeued", 1
)
GPUS = flags.DEFINE_integer("slurm_gpus", None, "GPUs per job", 0)
CPUS = flags.DEFINE_integer("slurm_cpus", None, "CPU cores per job", 1)
MEMORY = flags.DEFINE_integer("slurm_memory", None, "GiB of memory per job", 1)
OPTION = flags.DEFINE_multi_string(
    "slurm_option", [], "another option of sbatch, NAME=VALUE or NAME"
)


def begin():
    """Checks the options; call it first, because checking a configuration starts JAX.

    Raises:
        UserError: an option would have no effect, or this machine has no SLURM.
    """
    for name in flags.FLAGS:
        if name.startswith("slurm_") and flags.FLAGS[name].present:
            require(LAUNCHER.value == "slurm", f"--{name} is for --launcher=slurm")
    if PARALLEL.present:
        message = "--parallel is for --launcher=local or slurm"
        require(LAUNCHER.value in ("local", "slurm"), message)
    if LAUNCHER.value == "slurm":
        message = "--launcher=slurm needs the extra: pip install -e '.[slurm]'"
        require(find_spec("submitit"), message)
        require(shutil.which("squeue"), "--launcher=slurm: this machine has no SLURM (squeue)")
    if LAUNCHER.value == "local":
        # Otherwise this process takes most of a GPU's memory. The jobs inherit the setting.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def launch(jobs, root):
    """Trains jobs where `--launcher` says, and yields each one when it is done.

    Args:
        jobs: `Job`s.
        root: folder for what the jobs print.

    Raises:
        StoppedError: Ctrl-C; all finished epochs are saved.
        UserError: a job has failed; all others are done.
    """
    if LAUNCHER.value == "here" or not jobs:
        return _train_here(jobs)
    if LAUNCHER.value == "local":
        return _count(launch_processes(jobs, root / "logs", PARALLEL.value), len(jobs))
    from experiments.command_line.slurm import launch_on_slurm

    return _count(launch_on_slurm(jobs, root / "slurm", slurm_parameters()), len(jobs))


def train_all(configs, root, on_done=lambda job: None, seeds=None):
    """Trains, as jobs, the seeds and epochs that workdirs still lack.

    Args:
        configs: `{path of the workdir: configuration}`.
        root: folder for what the jobs print.
        on_done: called with each `Job` that is done.
        seeds: a range, to train only these.

    Returns:
        Whether everything is trained; False if the jobs were only printed.

    Raises:
        StoppedError, UserError: see `launch`.
    """
    jobs = [t for path, config in configs.items() for t in jobs_of(path, config, seeds)]
    require_data(jobs)
    if not train_jobs(jobs, root, on_done):
        return False
    for path, config in configs.items():
        for missing in Workdir(path).unfinished(config, seeds=seeds):
            which, epoch = f"seeds {missing.start} to {missing[-1]} of {path}", config["num_epochs"]
            raise UserError(f"{which} have not reached epoch {epoch}: repeat the command")
    return True


def jobs_of(path, config, seeds=None):
    """`Job`s of at most `--seeds_per_job` seeds, see `make_jobs`."""
    return make_jobs(path, config, SEEDS_PER_JOB.value, seeds)


def train_jobs(jobs, root, on_done=lambda job: None):
    """Trains jobs, or prints their commands; see `train_all`.

    Returns:
        False if they are only printed.
    """
    if jobs and LAUNCHER.value == "print":
        print_commands(jobs)
        return False
    for job in launch(jobs, root):
        on_done(job)
    return True


def require_data(jobs):
    """Loads each data set once, so that a mistake in it is reported before training begins.

    Jobs on other machines may see other folders: for them nothing is loaded.
    """
    if LAUNCHER.value not in ("here", "local"):
        return
    configs = [Workdir(job.path).read_config() for job in jobs]
    sets = ((c["dataset"], c["data_dir"], c["validation_fraction"]) for c in configs)
    for name, folder, validation_fraction in dict.fromkeys(sets):
        load_stored(name, folder, validation_fraction)


def print_commands(jobs):
    """Prints the jobs' commands, one per line."""
    for job in jobs:
        print(shlex.join(["python", "-m", "experiments.train", *job.arguments]))
    require_printed()
    message = f"run these commands in {Path.cwd()}; when all are done, repeat your command"
    print(message, file=sys.stderr)


def slurm_parameters():
    """The parameters of each job, as submitit's `SlurmExecutor` takes them."""
    options = {name: value or True for name, _, value in (o.partition("=") for o in OPTION.value)}
    wanted = {
        "job_name": "pepita_jax",
        "partition": PARTITION.value,
        "time": MINUTES.value,
        "gpus_per_node": GPUS.value,
        "cpus_per_task": CPUS.value,
        "mem": MEMORY.value and f"{MEMORY.value}GB",
        "array_parallelism": PARALLEL.value,
        "additional_parameters": {"requeue": True, **options},
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _train_here(jobs):
    with signals.stopping_gently() as should_stop:
        for job in jobs:
            if len(jobs) > 1:
                print(job, file=sys.stderr)
            job(should_stop)
            yield job


def _count(finished, total):
    """Yields the finished jobs, and prints how many are done."""
    start = time.monotonic()
    for number, job in enumerate(finished, 1):
        minutes = (time.monotonic() - start) / 60
        done = f"{number} of {counted(total, 'job')} done"
        print(f"{done} ({minutes:.1f} min): {job}", file=sys.stderr)
        yield job

"""Jobs on a real SLURM cluster of one machine; skipped where SLURM is not installed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import pepita_jax as pj
from pepita_jax import UserError
from tests.experiments.commands import TINY, train
from tests.experiments.test_launchers import assert_same_sweep, make_job, start
from tests.experiments.test_sweep import AXES, sweep

CLUSTER = Path(__file__).with_name("cluster.sh")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
if not all(shutil.which(name) for name in PROGRAMS):
    pytest.skip("SLURM is not installed (slurm-wlm, munge)", allow_module_level=True)
pytest.importorskip("submitit")
from experiments.command_line.slurm import launch_on_slurm  # noqa: E402

SLURM = ("--launcher=slurm", "--slurm_time=10", "--slurm_cpus=1", "--slurm_memory=1")
PATIENCE = 300  # seconds


@pytest.fixture(scope="module", autouse=True)
def cluster():
    folder = tempfile.mkdtemp(prefix="slurm")  # short, unlike pytest's: it holds a socket
    subprocess.run([CLUSTER, "start", folder], check=True)
    os.environ["SLURM_CONF"] = f"{folder}/slurm.conf"
    yield
    subprocess.run([CLUSTER, "stop", folder], check=True)
    del os.environ["SLURM_CONF"]
    shutil.rmtree(folder, ignore_errors=True)  # its daemons may still write their last words


def test_an_array_of_jobs_fills_one_sweep(tmp_path):
    done = sweep(tmp_path / "jobs", *AXES, *SLURM, "--seeds_per_job=4")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 jobs done" in done.stderr
    assert sweep(tmp_path / "here", *AXES).returncode == 0
    assert_same_sweep(tmp_path / "jobs", tmp_path / "here")


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def job_in_queue():
    queue = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    return subprocess.run(queue, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    "preempt", [("scontrol", "requeue"), ("scancel", "--signal=USR2")], ids=["killed", "warned"]
)
def test_a_job_that_is_preempted_is_requeued_and_goes_on(preempt, tmp_path):
    long = "--config.num_epochs=600"
    process = start(tmp_path / "jobs", long, *SLURM)
    wait_for(lambda: list(tmp_path.glob("jobs/checkpoints/seeds_0-1/[1-9]*")))
    job = job_in_queue()
    subprocess.run([*preempt, job], check=True)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    printed = "".join(path.read_text() for path in (tmp_path / "jobs" / "slurm").glob("*.err"))
    resumed = re.findall(r"epochs (\d+) to 600", printed)
    assert resumed[0] == "1"
    assert 1 < int(resumed[1]) <= 600
    assert pj.load_run(tmp_path / "jobs").history["test_accuracy"].shape == (2, 600)


@pytest.mark.slow
def test_jobs_that_are_in_the_queue_are_not_submitted_again(tmp_path):
    long = "--config.num_epochs=1500"
    process = start(tmp_path, long, *SLURM)
    job = wait_for(job_in_queue)
    wait_for(lambda: (tmp_path / "slurm" / "jobs.json").exists())
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the jobs continue" in errors
    again = start(tmp_path, long, *SLURM)
    time.sleep(5)
    assert job_in_queue() == job
    subprocess.run(["scancel", job], check=True)
    _, errors = again.communicate(timeout=PATIENCE)
    assert again.returncode == 2
    assert "it has left the queue" in errors


def test_a_job_that_fails_is_named_and_the_others_are_done(tmp_path):
    bad, good = make_job(tmp_path / "bad"), make_job(tmp_path / "good")
    (tmp_path / "bad" / "checkpoints" / "stranger").mkdir(parents=True)
    parameters = {"time": 10, "cpus_per_task": 1, "mem": "1GB"}
    with pytest.raises(UserError, match=r"1 job failed: bad\.seeds_0-1.*stranger"):
        list(launch_on_slurm([bad, good], tmp_path / "slurm", parameters))
    assert len(pj.load_run(tmp_path / "good").history["seconds"]) == 2


def test_a_partition_that_is_not_there_is_named(tmp_path):
    refused = train(tmp_path, *TINY, *SLURM, "--slurm_partition=nowhere")
    assert refused.returncode == 2
    assert "error: SLURM refuses the jobs" in refused.stderr.splitlines()[-1]
    assert "invalid partition" in refused.stderr.splitlines()[-1]

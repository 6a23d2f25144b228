"""The same results, whether jobs run in one process, in several, or by hand."""

import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

import pepita_jax as pj
from experiments.command_line.jobs import make_jobs
from experiments.command_line.processes import launch_processes, share
from pepita_jax import UserError
from pepita_jax.runs.workdir import Workdir
from tests.experiments.commands import ROOT, TINY, assert_refused, command, train
from tests.experiments.test_sweep import AXES, read_table, sweep
from tests.reliability.runs import make_config

LOCAL = ("--launcher=local", "--parallel=2", "--seeds_per_job=2")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("here")
    assert sweep(workdir, *AXES).returncode == 0
    return workdir


def assert_same_sweep(found, wanted):
    tables = [read_table(path / "sweep.csv") for path in (found, wanted)]
    for one, other in zip(*tables, strict=True):
        assert float(one.pop("train_loss")) == pytest.approx(float(other.pop("train_loss")), 1e-4)
        keys = ("setting", "seed_number", "optimizer.learning_rate", "model.hidden", "epochs")
        assert [one[key] for key in keys] == [other[key] for key in keys]
        # At most one of 143 images may be seen otherwise.
        assert float(one["validation_accuracy"]) == pytest.approx(
            float(other["validation_accuracy"]), abs=1.1 / 143
        )


@pytest.mark.slow
def test_processes_fill_one_sweep(here, tmp_path):
    done = sweep(tmp_path, *AXES, *LOCAL)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 jobs done" in done.stderr  # two groups of four runs; then one of two seeds
    assert "1 of 1 job done" in done.stderr
    assert_same_sweep(tmp_path, here)
    assert pj.load_run(tmp_path / "best_1").history["test_accuracy"].shape == (2, 2)


@pytest.mark.slow
def test_printed_commands_do_it_as_well(here, tmp_path):
    printed = sweep(tmp_path, *AXES, "--launcher=print", "--seeds_per_job=3")
    assert printed.returncode == 0, printed.stderr
    commands = printed.stdout.splitlines()
    assert f"in {ROOT};" in printed.stderr
    assert len(commands) == 4
    for line in reversed(commands):
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "experiments.train"]
        assert command("train", *words[3:]).returncode == 0
    done = sweep(tmp_path, *AXES)
    assert done.returncode == 0, done.stderr
    assert "settings of" not in done.stderr.partition("programs")[2]  # nothing was left to train
    assert_same_sweep(tmp_path, here)


def start(workdir, *arguments):
    words = ("--config=configs/default.py:pepita,mlp,digits", *TINY, f"--workdir={workdir}")
    return subprocess.Popen(
        [sys.executable, "-m", "experiments.train", *words, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_processes_fill_one_run_with_seeds_of_their_own(tmp_path):
    four = "--config.num_seeds=4"
    processes = [start(tmp_path / "filled", four, f"--seeds={s}") for s in ("0:2", "2:4")]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum("summary.json" in out for out, _ in outputs) >= 1  # whoever ended last
    train(tmp_path / "alone", *TINY, four)
    filled, alone = (pj.load_run(tmp_path / name) for name in ("filled", "alone"))
    assert filled.config == alone.config
    for one, other in zip(filled.params, alone.params, strict=True):
        assert abs(one - other).max() < 1e-3  # two epochs of 44 steps
    rows = (tmp_path / "filled" / "metrics.jsonl").read_text().splitlines()
    assert len(rows) == 4 * 2


@pytest.mark.slow
def test_seeds_trained_on_another_disk_are_merged_by_a_copy(tmp_path):
    for seeds in ("0:1", "1:2"):
        assert train(tmp_path / seeds, *TINY, f"--seeds={seeds}").returncode == 0
        assert not (tmp_path / seeds / "summary.json").exists()
    checkpoints = [tmp_path / seeds / "checkpoints" for seeds in ("0:1", "1:2")]
    shutil.copytree(checkpoints[1] / "seeds_1-1", checkpoints[0] / "seeds_1-1")
    done = command("train", f"--workdir={tmp_path / '0:1'}")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("2 of 2 epochs done") == 2
    assert pj.load_run(tmp_path / "0:1").history["test_accuracy"].shape == (2, 2)


def test_seeds_that_another_process_trains_are_refused(tmp_path):
    holder = start(tmp_path, "--config.num_epochs=100000", "--seeds=0:1")
    while not (tmp_path / "metrics.jsonl").exists():
        assert holder.poll() is None, holder.communicate()
        time.sleep(0.1)
    more = "--config.num_epochs=100000"
    assert_refused(train(tmp_path, *TINY, more), "in use by another process", "seeds 0 to 0")
    holder.kill()
    holder.communicate()
    words = "0 <= FIRST < END <= 2 (--config.num_seeds)", "'1:3'"
    assert_refused(train(tmp_path, *TINY, more, "--seeds=1:3"), *words)


def make_job(path, seeds=range(2)):
    (job,) = make_jobs(path, make_config(num_epochs=1), seeds=seeds)
    return job


@pytest.mark.slow
def test_a_job_that_fails_is_named_and_the_others_are_done(tmp_path):
    bad, good = make_job(tmp_path / "bad"), make_job(tmp_path / "good")
    (tmp_path / "bad" / "checkpoints" / "stranger").mkdir(parents=True)
    with pytest.raises(UserError, match=r"1 job failed .*bad\.seeds_0-1.*stranger"):
        list(launch_processes([bad, good], tmp_path / "logs", 1))
    assert len(pj.load_run(tmp_path / "good").history["seconds"]) == 2


@pytest.mark.slow
def test_jobs_of_another_size_respect_what_is_there(tmp_path):
    config = make_config(num_seeds=5)
    assert train(tmp_path, *TINY).returncode == 0  # two seeds
    more = ("--config.num_seeds=5", "--launcher=local", "--seeds_per_job=2")
    done = train(tmp_path, *TINY, *more)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 jobs done" in done.stderr
    folders = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert folders == ["seeds_0-1", "seeds_2-3", "seeds_4-4"]
    longer = {**config, "num_epochs": 3}
    ranges = Workdir(tmp_path).unfinished(longer, size=1)
    assert ranges == [range(2), range(2, 4), range(4, 5)]
    assert Workdir(tmp_path).unfinished(longer, seeds=range(2, 4)) == [range(2, 4)]


def test_processes_end_when_the_command_is_killed(tmp_path):
    process = start(tmp_path, "--config.num_epochs=100000", "--launcher=local")
    wait_for_checkpoints(tmp_path, 1, process)
    workdir = Workdir(tmp_path)
    with (
        pytest.raises(UserError, match="in use by another"),
        workdir.hold(workdir.read_config()),
    ):
        pass
    process.kill()
    process.communicate()
    end = time.monotonic() + 20
    while True:
        try:
            with workdir.hold(workdir.read_config()):
                break
        except UserError:
            assert time.monotonic() < end
            time.sleep(0.2)


def wait_for_checkpoints(path, number, process):
    """Until so many groups have a checkpoint each, while a process trains them."""
    while len({found.parent for found in path.glob("checkpoints/seeds_*/[1-9]*")}) < number:
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
@pytest.mark.slow
def test_processes_end_with_the_command_that_started_them(number, status, tmp_path):
    epochs, local = "--config.num_epochs=100000", ("--launcher=local", "--seeds_per_job=1")
    process = start(tmp_path, epochs, *local)
    wait_for_checkpoints(tmp_path, 2, process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    if number == signal.SIGTERM:
        time.sleep(2)
    # Nobody holds the seeds any more, and what was saved is read.
    saved = pj.load_run(tmp_path)
    done = train(tmp_path, *TINY, f"--config.num_epochs={saved.history['seconds'].shape[1] + 50}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("places", [1, 2, 3, 7])
def test_a_machine_is_shared_out(places):
    shares = [share([0, 1, 2, 3], place, places) for place in range(places)]
    assert all(shares)
    assert sorted({item for items in shares for item in items}) == [0, 1, 2, 3]
    assert sum(map(len, shares)) == max(4, places)
    assert share([], 0, places) == []


def test_without_a_cluster_slurm_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert_refused(train(tmp_path, *TINY, "--launcher=slurm"), "this machine has no SLURM")

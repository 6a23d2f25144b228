"""Trains what the results lack, and adds what was trained to the results."""

import math
import sys
import time

from experiments.command_line import launch
from experiments.papers.records import make_records
from pepita_jax.data import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.words import counted, describe_time


class Reproduction:
    """Trains runs until they have the wanted seeds and epochs.

    Args:
        runs: `PaperRun`s.
        seeds: a range; None: each run's own number.
        epochs: to train; None: each run's own.
        results: the `Results`; what they have is not trained again.
        root: folder of the workdirs, one per run.
    """

    def __init__(self, runs, seeds, epochs, results, root):
        self.results, self.root = results, root
        self.wanted = {run: (seeds or range(run.seeds), epochs or run.epochs) for run in runs}
        self.run_at = {root / run.name: run for run in runs}

    def collect(self):
        """Adds what the workdirs already have to the results.

        Raises:
            UserError: a file is damaged.
        """
        for run in self.wanted:
            self._collect(run)

    def train(self):
        """Trains what is missing; adds each job to the results as soon as it is done.

        Returns:
            Whether everything is trained; False if the jobs were only printed.

        Raises:
            StoppedError, UserError: see `launch`.
        """
        jobs = [job for run in self.wanted for job in self._jobs(run)]
        launch.require_data(jobs)
        if self.wanted and not jobs:
            print("nothing to train: the results are complete", file=sys.stderr)
        for job in jobs:
            why = ", as the others there" if job.num_epochs > self._epochs(job) else ""
            print(f"to train: {self._describe(job)}{why}", file=sys.stderr)
        waiting, start = {job: self._work(job) for job in jobs}, time.monotonic()
        everything = sum(waiting.values())

        def collect(job):
            self._collect(self.run_at[job.path])
            del waiting[job]
            left = sum(waiting.values())
            seconds = (time.monotonic() - start) * left / (everything - left)
            after = f", about {describe_time(seconds)} left for the others" if left else ""
            print(f"{self._describe(job)}: done{after}", file=sys.stderr)

        if not launch.train_jobs(jobs, self.root, collect):
            return False
        for run, wanted in self.wanted.items():
            if missing := self.results.missing(run, *wanted):
                seeds = ", ".join(map(str, missing))
                raise UserError(f"{run.name} lacks seeds {seeds}: repeat the command")
        return True

    def _jobs(self, run):
        """`Job`s for the seeds of a run that the results lack."""
        seeds, epochs = self.wanted[run]
        missing, there = set(self.results.missing(run, seeds, epochs)), self._groups(run)
        if not missing:
            return []
        self.results.require_same_settings(run)
        for group in there:  # seeds that were trained together stay together
            missing |= set(group.seeds) if missing & set(group.seeds) else set()
        num_seeds = max([max(missing) + 1, *(group.seeds.stop for group in there)])
        num_epochs = max([epochs, *(group.epoch for group in there)])
        path, config = self.root / run.name, run.config(num_seeds, num_epochs)
        return [job for part in _ranges(missing) for job in launch.jobs_of(path, config, part)]

    def _collect(self, run):
        """Writes records of the seeds that the workdir has and the results lack."""
        _, epochs = self.wanted[run]
        for group in self._groups(run):
            missing = self.results.missing(run, group.seeds, epochs)
            if missing and group.is_done(epochs):
                whole = SeedGroup(group.checkpoints.folder.parent, group.seeds)  # checks everything
                damaged = f"the checkpoint of epoch {group.epoch} in {group.checkpoints.folder}"
                message = f"{damaged} is damaged: remove it, to resume from the one before"
                require(whole.is_done(epochs), message)
                for record in make_records(run, whole, epochs, missing):
                    self.results.add(run, [record])

    def _groups(self, run):
        workdir = Workdir(self.root / run.name)
        return workdir.retry_reading(lambda: SeedGroup.find_all(workdir.checkpoints, states=False))

    def _epochs(self, job):
        """The number of epochs that is wanted of a job."""
        return self.wanted[self.run_at[job.path]][1]

    def _describe(self, job):
        first, last, name = job.seeds.start, job.seeds[-1], self.run_at[job.path].name
        return f"{name}, seeds {first} to {last}, {counted(job.num_epochs, 'epoch')}"

    def _work(self, job):
        """The multiplications in a job's forward passes, which measure its time."""
        run = self.run_at[job.path]
        layers = build_rule_on_network(run.config(1, 1)).net.layers
        an_image = sum(layer.num_positions * math.prod(layer.weight_shape) for layer in layers)
        done = sum(g.epoch for g in self._groups(run) if g.seeds == job.seeds)
        epochs = job.num_epochs - done
        return an_image * DATASETS[run.words[2]].num_train * len(job.seeds) * epochs


def _ranges(seeds):
    """Numbers as the fewest ranges without gaps."""
    ranges = []
    for seed in sorted(seeds):
        if ranges and ranges[-1].stop == seed:
            ranges[-1] = range(ranges[-1].start, seed + 1)
        else:
            ranges.append(range(seed, seed + 1))
    return ranges

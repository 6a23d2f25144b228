"""Trains what the results lack, and collects what has been trained."""

import math
import sys
import time

import jax

from experiments.command_line import launch
from experiments.papers.pepita.records import digest
from pepita_jax.data import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.runs.experiment import build_rule_on_network
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.words import describe_time


class Reproduction:
    """Brings cells to the seeds and epochs that are wanted.

    Args:
        cells: `Cell`s.
        seeds: a range; None: each cell's own number.
        epochs: to train; None: each cell's own.
        results: the `Results`, in which what is there is not trained again.
        root: folder of the workdirs, one a cell.
    """

    def __init__(self, cells, seeds, epochs, results, root):
        self.results, self.root = results, root
        self.wanted = {c: (seeds or range(c.seeds), epochs or c.epochs) for c in cells}
        self.cell_at = {root / cell.name: cell for cell in cells}

    def collect(self):
        """Brings what the workdirs have among the results.

        Raises:
            UserError: a file is damaged.
        """
        for cell in self.wanted:
            self._collect(cell)

    def train(self):
        """Trains what is missing; what is done is among the results at once.

        Returns:
            Whether all is trained: jobs that are only printed are not.

        Raises:
            StoppedError, UserError: see `launch`.
        """
        jobs = [job for cell in self.wanted for job in self._jobs(cell)]
        launch.require_data(jobs)
        if not jobs:
            print("nothing to train: the results have it all", file=sys.stderr)
        for job in jobs:
            why = ", as the others there" if job.num_epochs > self._epochs(job) else ""
            print(f"to train: {self._describe(job)}{why}", file=sys.stderr)
        waiting, start = {job: self._work(job) for job in jobs}, time.monotonic()
        everything = sum(waiting.values())

        def land(job):
            self._collect(self.cell_at[job.path])
            del waiting[job]
            left = sum(waiting.values())
            seconds = (time.monotonic() - start) * left / (everything - left)
            after = f", about {describe_time(seconds)} left for the others" if left else ""
            print(f"{self._describe(job)}: done{after}", file=sys.stderr)

        if not launch.train_jobs(jobs, self.root, land):
            return False
        for cell, wanted in self.wanted.items():
            if missing := self.results.missing(cell, *wanted):
                seeds = ", ".join(map(str, missing))
                raise UserError(f"{cell.name} lacks seeds {seeds}: start again")
        return True

    def _jobs(self, cell):
        """`Job`s for the seeds of a cell that are in no result."""
        seeds, epochs = self.wanted[cell]
        missing, there = set(self.results.missing(cell, seeds, epochs)), self._groups(cell)
        if not missing:
            return []
        self.results.require_same_settings(cell)
        for group in there:  # what has been trained together stays together
            missing |= set(group.seeds) if missing & set(group.seeds) else set()
        num_seeds = max([max(missing) + 1, *(group.seeds.stop for group in there)])
        num_epochs = max([epochs, *(group.epoch for group in there)])
        path, config = self.root / cell.name, cell.config(num_seeds, num_epochs)
        return [job for part in _ranges(missing) for job in launch.jobs_of(path, config, part)]

    def _collect(self, cell):
        """Writes results of the seeds that the workdir has and the results lack."""
        _, epochs = self.wanted[cell]
        for group in self._groups(cell):
            missing = self.results.missing(cell, group.seeds, epochs)
            if missing and group.is_done(epochs):
                whole = SeedGroup(group.checkpoints.folder.parent, group.seeds)  # all is checked
                damaged = f"the checkpoint of epoch {group.epoch} in {group.checkpoints.folder}"
                message = f"{damaged} is damaged: remove it, to train on from the one before"
                require(whole.is_done(epochs), message)
                for seed, record in digest(cell, whole, epochs, missing):
                    self.results.write(cell, seed, record)

    def _groups(self, cell):
        workdir = Workdir(self.root / cell.name)
        return workdir.retry_reading(lambda: SeedGroup.find_all(workdir.checkpoints, states=False))

    def _epochs(self, job):
        """How many of a job's epochs are wanted."""
        return self.wanted[self.cell_at[job.path]][1]

    def _describe(self, job):
        first, last, name = job.seeds.start, job.seeds[-1], self.cell_at[job.path].name
        return f"{name}, seeds {first} to {last}, {job.num_epochs} epochs"

    def _work(self, job):
        """Multiplications of a job's forward passes, as a measure of its time."""
        cell = self.cell_at[job.path]
        net = build_rule_on_network(cell.config(1, 1)).net
        shapes = jax.eval_shape(lambda: net.init(jax.random.key(0)))
        layers = zip(net.layers, shapes, strict=True)
        an_image = sum(layer.num_positions * math.prod(W.shape) for layer, W in layers)
        done = sum(c.epoch for c in self._groups(cell) if c.seeds == job.seeds)
        epochs = job.num_epochs - done
        return an_image * DATASETS[cell.words[2]].num_train * len(job.seeds) * epochs


def _ranges(seeds):
    """Numbers as ranges without gaps."""
    ranges = []
    for seed in sorted(seeds):
        if ranges and ranges[-1].stop == seed:
            ranges[-1] = range(ranges[-1].start, seed + 1)
        else:
            ranges.append(range(seed, seed + 1))
    return ranges

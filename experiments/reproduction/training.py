"""Trains what the results lack, and collects what has been trained."""

import math
import sys
import time

import jax

from experiments.launchers import launch
from experiments.reproduction.digest import digest
from pepita_jax.build import build_rule_on_network
from pepita_jax.data import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.storage.cohort import Cohort
from pepita_jax.storage.workdir import Workdir
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
        tasks = [task for cell in self.wanted for task in self._tasks(cell)]
        launch.require_data(tasks)
        if not tasks:
            print("nothing to train: the results have it all", file=sys.stderr)
        for task in tasks:
            why = ", as the others there" if task.num_epochs > self._epochs(task) else ""
            print(f"to train: {self._describe(task)}{why}", file=sys.stderr)
        waiting, start = {task: self._work(task) for task in tasks}, time.monotonic()
        everything = sum(waiting.values())

        def land(task):
            self._collect(self.cell_at[task.path])
            del waiting[task]
            left = sum(waiting.values())
            seconds = (time.monotonic() - start) * left / (everything - left)
            after = f", about {describe_time(seconds)} left for the others" if left else ""
            print(f"{self._describe(task)}: done{after}", file=sys.stderr)

        if not launch.train_tasks(tasks, self.root, land):
            return False
        for cell, wanted in self.wanted.items():
            if missing := self.results.missing(cell, *wanted):
                seeds = ", ".join(map(str, missing))
                raise UserError(f"{cell.name} lacks seeds {seeds}: start again")
        return True

    def _tasks(self, cell):
        """`Task`s for the seeds of a cell that are in no result."""
        seeds, epochs = self.wanted[cell]
        missing, there = set(self.results.missing(cell, seeds, epochs)), self._cohorts(cell)
        if not missing:
            return []
        self.results.require_same_settings(cell)
        for cohort in there:  # what has been trained together stays together
            missing |= set(cohort.seeds) if missing & set(cohort.seeds) else set()
        num_seeds = max([max(missing) + 1, *(cohort.seeds.stop for cohort in there)])
        num_epochs = max([epochs, *(cohort.epoch for cohort in there)])
        path, config = self.root / cell.name, cell.config(num_seeds, num_epochs)
        return [task for part in _ranges(missing) for task in launch.tasks_of(path, config, part)]

    def _collect(self, cell):
        """Writes results of the seeds that the workdir has and the results lack."""
        _, epochs = self.wanted[cell]
        for cohort in self._cohorts(cell):
            missing = self.results.missing(cell, cohort.seeds, epochs)
            if missing and cohort.is_done(epochs):
                whole = Cohort(cohort.checkpoints.folder.parent, cohort.seeds)  # all is checked
                damaged = f"the checkpoint of epoch {cohort.epoch} in {cohort.checkpoints.folder}"
                message = f"{damaged} is damaged: remove it, to train on from the one before"
                require(whole.is_done(epochs), message)
                for seed, record in digest(cell, whole, epochs, missing):
                    self.results.write(cell, seed, record)

    def _cohorts(self, cell):
        workdir = Workdir(self.root / cell.name)
        return workdir.steadily(lambda: Cohort.find_all(workdir.checkpoints, states=False))

    def _epochs(self, task):
        """How many of a task's epochs are wanted."""
        return self.wanted[self.cell_at[task.path]][1]

    def _describe(self, task):
        first, last, name = task.seeds.start, task.seeds[-1], self.cell_at[task.path].name
        return f"{name}, seeds {first} to {last}, {task.num_epochs} epochs"

    def _work(self, task):
        """Multiplications of a task's forward passes, as a measure of its time."""
        cell = self.cell_at[task.path]
        net = build_rule_on_network(cell.config(1, 1)).net
        shapes = jax.eval_shape(lambda: net.init(jax.random.key(0)))
        layers = zip(net.layers, shapes, strict=True)
        an_image = sum(layer.num_positions * math.prod(W.shape) for layer, W in layers)
        done = sum(c.epoch for c in self._cohorts(cell) if c.seeds == task.seeds)
        epochs = task.num_epochs - done
        return an_image * DATASETS[cell.words[2]].num_train * len(task.seeds) * epochs


def _ranges(seeds):
    """Numbers as ranges without gaps."""
    ranges = []
    for seed in sorted(seeds):
        if ranges and ranges[-1].stop == seed:
            ranges[-1] = range(ranges[-1].start, seed + 1)
        else:
            ranges.append(range(seed, seed + 1))
    return ranges

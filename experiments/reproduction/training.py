"""Trains what the results lack, and collects what has been trained."""

import math
import sys
import time

import jax

from experiments.launchers import launch
from experiments.reproduction.digest import digest
from pepita_jax.build import build_rule_on_network
from pepita_jax.data import DATASETS, load_dataset
from pepita_jax.progress import describe_time
from pepita_jax.storage.cohort import Cohort
from pepita_jax.storage.workdir import Workdir


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
            UserError: a file is damaged, or the results are those of other runs.
        """
        for cell in self.wanted:
            self.results.read(cell)  # which checks them
            self._collect(cell)

    def train(self):
        """Trains what is missing; what is done is among the results at once.

        Raises:
            StoppedError, UserError: see `launch`.
        """
        tasks = [task for cell in self.wanted for task in self._tasks(cell)]
        for dataset in dict.fromkeys(self.cell_at[task.path].words[2] for task in tasks):
            load_dataset(dataset)  # rather now than after hours
        for task in tasks:
            print(f"to train: {self._describe(task)}", file=sys.stderr)
        self.waiting, start = {task: self._work(task) for task in tasks}, time.monotonic()
        everything = sum(self.waiting.values())

        def land(task):
            self._collect(self.cell_at[task.path])
            left = sum(self.waiting.values()) - self.waiting.pop(task)
            spent = time.monotonic() - start
            after = f"about {describe_time(spent * left / (everything - left))} left for the others"
            line = f"{self._describe(task)}: done"
            print(f"{line}, {after}" if left else line, file=sys.stderr)

        launch.train_tasks(tasks, self.root, land)

    def _tasks(self, cell):
        """`Task`s for the seeds of a cell that are in no result."""
        seeds, epochs = self.wanted[cell]
        tasks = []
        for part in _ranges(self.results.missing(cell, seeds, epochs)):
            num_seeds = max([part.stop, *(cohort.seeds.stop for cohort in self._cohorts(cell))])
            num_epochs = max([epochs, *(cohort.epoch for cohort in self._cohorts(cell))])
            config = cell.config(num_seeds, num_epochs)
            tasks += launch.tasks_of(self.root / cell.name, config, part)
        return tasks

    def _collect(self, cell):
        """Writes results of the seeds that the workdir has and the results lack."""
        _, epochs = self.wanted[cell]
        for cohort in self._cohorts(cell):
            if cohort.is_done(epochs) and self.results.missing(cell, cohort.seeds, epochs):
                whole = Cohort(cohort.checkpoints.folder.parent, cohort.seeds)  # all is checked
                for seed, record in digest(cell, whole, epochs):
                    self.results.write(cell, seed, record)

    def _cohorts(self, cell):
        workdir = Workdir(self.root / cell.name)
        return workdir.steadily(lambda: Cohort.find_all(workdir.checkpoints, states=False))

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
    """Ascending numbers as ranges without gaps."""
    ranges = []
    for seed in seeds:
        if ranges and ranges[-1].stop == seed:
            ranges[-1] = range(ranges[-1].start, seed + 1)
        else:
            ranges.append(range(seed, seed + 1))
    return ranges

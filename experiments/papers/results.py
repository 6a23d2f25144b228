"""Results: the records of each run of a paper, checked and cut to the same number of epochs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.papers.record_files import OLD_FILES, read_records, write_records
from pepita_jax.errors import require
from pepita_jax.files import file_errors
from pepita_jax.history import History
from pepita_jax.runs.locks import alone
from pepita_jax.runs.old_configs import upgrade
from pepita_jax.runs.same_run import changed_settings, describe_changes
from pepita_jax.runs.saved_run import FIRST_EPOCH


class Result(NamedTuple):
    """The records of a run, cut to the same number of epochs.

    Attributes:
        run: its name.
        seeds: their numbers, S of them.
        epochs: the largest number for which at least half of the run's seeds were trained.
        records: one dict per seed, with these epochs; see `make_records`.
    """

    run: str
    seeds: list[int]
    epochs: int
    records: list[dict]

    @property
    def config(self):
        """The configuration of the first seed's run."""
        return upgrade(self.records[0]["config"])

    @property
    def environment(self):
        """Versions, commit and devices; if seeds differ in one, a list of its values."""
        merged = {}
        for name, value in self.records[0]["environment"].items():
            values = [record["environment"].get(name) for record in self.records]
            distinct = [v for i, v in enumerate(values) if v not in values[:i]]
            merged[name] = distinct if len(distinct) > 1 else value
        return merged

    def history(self, part):
        """The `History` of `metrics` or `alignment`, with the figures that all seeds have."""
        first, *others = (record[part] for record in self.records)
        names = [name for name in first if all(name in figures for figures in others)]
        figures = {n: np.array([record[part][n] for record in self.records], float) for n in names}
        return History(figures, tuple(self.seeds), FIRST_EPOCH[part])

    @property
    def test_accuracy(self):
        """Fractions after the last epoch, `[S]`, without the seeds that have diverged."""
        return self.test_accuracy_after(self.epochs)

    def test_accuracy_after(self, epoch):
        """Test accuracy after any epoch; empty if it has not been reached."""
        return np.array([*self.accuracy_of_seeds(epoch).values()])

    def accuracy_of_seeds(self, epoch):
        """Test accuracy after any epoch by seed, `{seed: fraction}`."""
        then = self.history("metrics")["test_accuracy"][:, epoch - 1 : epoch].ravel()
        return {s: float(v) for s, v in zip(self.seeds, then, strict=False) if np.isfinite(v)}


class Results:
    """The folder of results: `records/NAME.json` for every run.

    Records of earlier versions, `cells/NAME/seed_K.json`, are read too.

    Args:
        folder: a path, which need not exist.
    """

    def __init__(self, folder: Path):
        self.folder, self.old_folder = folder / "records", folder / "cells"

    def add(self, run, records):
        """Adds records of seeds to the file; longer records replace shorter ones, others stay."""
        with file_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with alone(self.folder):
                write_records(self._file(run), _longest([*self._records(run), *records]))

    def read(self, run):
        """The `Result` of a run; None without any.

        If a record lacks a field that was introduced later, this is no difference.

        Raises:
            UserError: a file is damaged, or its run has another configuration.
        """
        result = make_result(self._records(run))
        for record in result.records if result else ():
            found = upgrade(record["config"])
            wanted = run.config(found["num_seeds"], found["num_epochs"])
            changes = describe_changes(found, _fields_of(found, wanted))
            where = f"{self._file(run)} holds another run's results: {changes}"
            require(not changes, f"{where}; remove it, or choose another --out")
        return result

    def require_same_settings(self, run):
        """Raises a `UserError` if a run was trained under other JAX settings than the present."""
        result = self.read(run)
        for record in result.records if result else ():
            changes = changed_settings(record["environment"])
            where = f"{self._file(run)} was trained under other JAX settings: {changes}"
            require(not changes, f"{where}; set them as they were, or choose another --out")

    def missing(self, run, seeds, epochs):
        """The seeds, among some, that have no result of so many epochs."""
        there = {record["seed"]: record["epochs"] for record in self._records(run)}
        return [seed for seed in seeds if there.get(seed, 0) < epochs]

    def merge(self, other, runs):
        """Adds another folder's results of some runs, for example from another machine.

        Raises:
            UserError: a file of either is damaged or of another configuration, or the other folder
                has none of the runs; nothing has changed.
        """
        for run in runs:
            self.read(run)  # checks it
        found = [run for run in runs if other.read(run)]
        there = ", ".join(other.names()) or "none"
        message = f"{other.folder} holds none of the runs that are asked for; it holds {there}"
        require(found, message)
        for run in found:
            self.add(run, other._records(run))

    def names(self):
        """Names of all runs that have records."""
        new = [path.stem for path in self.folder.glob("*.json")]
        old = [path.name for path in self.old_folder.glob("*") if any(path.glob(OLD_FILES))]
        return sorted({*new, *old})

    def read_name(self, name):
        """The `Result` of a run by its name, whatever its configuration."""
        return make_result(self._records_of(name))

    def _records(self, run):
        return self._records_of(run.name)

    def _records_of(self, name):
        new, old = self.folder / f"{name}.json", self.old_folder / name
        return _longest([*read_records(new), *read_records(old)])

    def _file(self, run):
        return self.folder / f"{run.name}.json"


def make_result(records):
    """The `Result` of some records; None if there are none."""
    if not records:
        return None
    longest_first = sorted((record["epochs"] for record in records), reverse=True)
    epochs = longest_first[(len(records) - 1) // 2]
    kept = [_cut(record, epochs) for record in records if record["epochs"] >= epochs]
    kept.sort(key=lambda record: record["seed"])
    return Result(kept[0]["run"], [record["seed"] for record in kept], epochs, kept)


def _longest(records):
    """One record per seed: the first with the most epochs."""
    longest = {}
    for record in records:
        if record["epochs"] > longest.get(record["seed"], {"epochs": 0})["epochs"]:
            longest[record["seed"]] = record
    return list(longest.values())


def _fields_of(found, wanted):
    """`wanted` without the fields that `found` lacks; both nested."""
    both = {name: value for name, value in wanted.items() if name in found}
    return {n: _fields_of(found[n], v) if isinstance(v, dict) else v for n, v in both.items()}


def _cut(record, epochs):
    """A record as it was after fewer epochs; it lacks the weights, which are not known then."""
    if record["epochs"] == epochs:
        return record
    known = {name: record[name] for name in ("run", "seed", "config", "environment")}
    for part, first in FIRST_EPOCH.items():
        known[part] = {name: v[: epochs + 1 - first] for name, v in record[part].items()}
    return known | {"epochs": epochs}

"""Results on disk: a JSON file for each seed of each cell."""

import json
from typing import NamedTuple

import numpy as np

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.locks import alone
from pepita_jax.runs.old_configs import upgrade
from pepita_jax.runs.same_run import changed_settings, describe_changes
from pepita_jax.runs.saved_run import FIRST_EPOCH

SEED_FILES = "seed_*.json"
FIELDS = {"cell", "seed", "epochs", "config", "environment", *FIRST_EPOCH}  # of every record


class Result(NamedTuple):
    """What was found for a cell.

    Attributes:
        cell: its name.
        seeds: their numbers, S of them.
        epochs: that they were trained for, at least half of all seeds.
        records: a dict a seed, see `digest`, of these epochs.
    """

    cell: str
    seeds: list[int]
    epochs: int
    records: list[dict]

    @property
    def config(self):
        """The configuration of the first seed's run."""
        return self.records[0]["config"]

    @property
    def environment(self):
        """Versions, commit and devices; a list of them where seeds differ."""
        merged = {}
        for name, value in self.records[0]["environment"].items():
            values = [record["environment"].get(name) for record in self.records]
            distinct = [v for i, v in enumerate(values) if v not in values[:i]]
            merged[name] = distinct if len(distinct) > 1 else value
        return merged

    def names(self, part):
        """What `metrics` or `alignment` all seeds have."""
        return [n for n in self.records[0][part] if all(n in r[part] for r in self.records)]

    def history(self, part, name):
        """`metrics` or `alignment` of a name, `[S, epochs, ...]`; NaN where it is not finite."""
        return np.array([record[part][name] for record in self.records], float)

    @property
    def test_accuracy(self):
        """Of the last epoch, fractions, of the seeds that have not diverged."""
        return self.test_accuracy_after(self.epochs)

    def test_accuracy_after(self, epoch):
        """The same after an epoch; empty if it has not been reached."""
        return np.array([*self.accuracy_of_seeds(epoch).values()])

    def accuracy_of_seeds(self, epoch):
        """The same by seed, `{seed: fraction}`."""
        then = self.history("metrics", "test_accuracy")[:, epoch - 1 : epoch].ravel()
        return {s: float(v) for s, v in zip(self.seeds, then, strict=False) if np.isfinite(v)}


class Results:
    """The folder of results.

    Args:
        folder: a path; need not exist.
    """

    def __init__(self, folder):
        self.folder = folder / "cells"

    def write(self, cell, seed, record):
        """Writes one seed's file."""
        path = self._file(cell, seed)
        with file_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with alone(self.folder):
                replace_file(path, json.dumps(record, allow_nan=False) + "\n")

    def read(self, cell):
        """The `Result` of a cell; None without any.

        A field that there was not yet when the cell was trained does not count.

        Raises:
            UserError: a file is damaged, or of a run of another configuration than the cell's.
        """
        result = read_result(self.folder / cell.name)
        for record in result.records if result else ():
            found = upgrade(record["config"])
            wanted = cell.config(found["num_seeds"], found["num_epochs"])
            changes = describe_changes(found, _fields_of(found, wanted))
            where = f"{self.folder / cell.name} holds another run's results: {changes}"
            require(not changes, f"{where}; remove it, or choose another --out")
        return result

    def require_same_settings(self, cell):
        """Raises a `UserError` if a cell was trained under settings that JAX has not now."""
        result = self.read(cell)
        for record in result.records if result else ():
            changes = changed_settings(record["environment"])
            where = f"{self.folder / cell.name} was trained under other JAX settings: {changes}"
            require(not changes, f"{where}; set them as they were, or choose another --out")

    def missing(self, cell, seeds, epochs):
        """Those of some seeds that have no result of so many epochs."""
        there = {}
        for seed in seeds:
            path = self._file(cell, seed)
            there[seed] = _read_file(path)["epochs"] if path.exists() else 0
        return [seed for seed in seeds if there[seed] < epochs]

    def _file(self, cell, seed):
        return self.folder / cell.name / f"seed_{seed}.json"


def read_result(folder):
    """The `Result` in a cell's folder, of whatever run it is; None without any.

    Raises:
        UserError: a file is damaged.
    """
    found = [_read_file(path) for path in folder.glob(SEED_FILES)]
    if not found:
        return None
    longest_first = sorted((record["epochs"] for record in found), reverse=True)
    epochs = longest_first[(len(found) - 1) // 2]
    records = [_cut(record, epochs) for record in found if record["epochs"] >= epochs]
    records.sort(key=lambda record: record["seed"])
    return Result(folder.name, [record["seed"] for record in records], epochs, records)


def _fields_of(found, wanted):
    """`wanted` without the fields that `found` lacks; both nested."""
    both = {name: value for name, value in wanted.items() if name in found}
    return {n: _fields_of(found[n], v) if isinstance(v, dict) else v for n, v in both.items()}


def _cut(record, epochs):
    """A record as it would be after fewer epochs, of which the weights are not known."""
    if record["epochs"] == epochs:
        return record
    known = {name: record[name] for name in ("cell", "seed", "config", "environment")}
    for part, first in FIRST_EPOCH.items():
        known[part] = {name: v[: epochs + 1 - first] for name, v in record[part].items()}
    return known | {"epochs": epochs}


def _read_file(path):
    try:
        with file_errors(path, "read"):
            record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is damaged ({error}); remove it") from error
    lacks = FIELDS - record.keys() if isinstance(record, dict) else FIELDS
    require(not lacks, f"{path} is no result of a seed: it lacks {', '.join(sorted(lacks))}")
    name = f"seed_{record['seed']}.json"
    require(path.name == name, f"{path} is a copy of {name}, which would count twice; remove it")
    return record

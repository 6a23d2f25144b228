"""What is shown of a run, read from its workdir or from results."""

from typing import NamedTuple

import numpy as np

from experiments.papers.papers import PAPERS
from experiments.papers.record_files import OLD_FILES, read_records
from experiments.papers.results import Results, make_result
from experiments.papers.show import place_of
from pepita_jax.errors import require
from pepita_jax.files import file_errors, user_path
from pepita_jax.history import History
from pepita_jax.runs.objects import data_words, network_words
from pepita_jax.runs.same_run import require_run
from pepita_jax.runs.summary import summarize
from pepita_jax.runs.workdir import Workdir
from pepita_jax.words import counted


class Report(NamedTuple):
    """The seeds and epochs of a run that are asked for.

    Attributes:
        name: what the user calls it.
        seeds: their numbers.
        config: nested dict; `num_seeds` and `num_epochs` are those shown.
        environment: versions, commit, devices and layout.
        history: of `metrics`.
        alignment: empty if it was not logged.
        seconds: wall time.
    """

    name: str
    seeds: list[int]
    config: dict
    environment: dict
    history: History
    alignment: History
    seconds: float

    @property
    def summary(self):
        """As in `summary.json`, with words for a script's network and arrays."""
        summary = summarize(self.config, self.history, self.seconds)
        diverged = [d | {"seed": self.seeds[d["seed"]]} for d in summary["diverged"]]
        _, model, dataset = self.words
        return summary | {"model": model, "dataset": dataset, "diverged": diverged}

    @property
    def words(self):
        """Rule, network and data set."""
        config = self.config
        return config["rule"]["name"], network_words(config), data_words(config)


def read_reports(path, epoch=None, num_seeds=None):
    """The runs in a folder, `Report`s: a workdir, or results, of all runs or of one.

    Args:
        path: as the user gives it.
        epoch: last one to show; all by default.
        num_seeds: how many seeds to show; all by default.

    Raises:
        UserError: the folder holds no run, or it has fewer epochs or seeds.
    """
    folder = user_path(path)
    if is_results(folder):
        results = Results(folder)
        reports = [_of_result(name, results.read_name(name), epoch) for name in results.names()]
        require(reports, f"{path} has no results yet")
    elif folder.suffix == ".json" or any(folder.glob(OLD_FILES)):
        result = make_result(read_records(folder))
        require(result, f"{path} holds no results")
        reports = [_of_result(str(path), result, epoch)]
    else:
        require_run(path)
        reports = [_of_workdir(str(path), epoch)]
    return [_first_seeds(report, num_seeds) for report in reports]


def _of_workdir(name, epoch):
    saved = Workdir(name).read()
    message = f"{name} holds settings of a sweep; its figures are in sweep.csv, one folder up"
    require("settings" not in saved.config, message)
    last = _last_epoch(name, epoch or saved.config["num_epochs"], saved.num_epochs)
    has_alignment = saved.config["log_alignment"]
    return Report(
        name,
        saved.seeds,
        saved.config | {"num_epochs": last},
        saved.environment,
        saved.history("metrics", last),
        saved.history("alignment", last) if has_alignment else History({}, tuple(saved.seeds), 0),
        saved.seconds(last),
    )


def is_results(folder):
    """Whether a folder holds results, and not a run."""
    return any((folder / name).is_dir() for name in ("records", "cells"))


def _of_result(name, result, epoch):
    last = _last_epoch(name, epoch or result.epochs, result.epochs)
    history = result.history("metrics").until(last)
    return Report(
        name,
        result.seeds,
        result.config | {"num_seeds": len(result.seeds), "num_epochs": last},
        result.environment,
        history,
        result.history("alignment").until(last),
        float(np.nansum(history["seconds"], 1).max()),  # as if all were trained side by side
    )


def _last_epoch(name, wanted, done):
    message = f"the run in {name} is at epoch {done}, not yet at {wanted}; see --epoch"
    require(wanted <= done, message)
    return wanted


def _first_seeds(report, num_seeds):
    there = len(report.seeds)
    number = num_seeds or there
    require(number <= there, f"the run in {report.name} has {counted(there, 'seed')}, not {number}")
    return report._replace(
        seeds=report.seeds[:number],
        config=report.config | {"num_seeds": number},
        history=report.history.of_first(number),
        alignment=report.alignment.of_first(number),
    )


def read_documents(path):
    """The tables and figures beside records: `(title, Markdown or None, SVG or None)` each.

    A workdir has none.
    """
    folder = user_path(path)
    if not is_results(folder):
        return []
    readme = _text(folder / "README.md") or ""
    documents = []
    artifacts = (pair for paper in PAPERS.values() for pair in paper.artifacts.items())
    for name, artifact in artifacts:
        place = place_of(name).search(readme)
        table = place[2] if place else _text(folder / f"{name}.md")
        figure = _text(folder / f"{name}.svg")
        if table or figure:
            documents.append((artifact.title, table, figure))
    return documents


def _text(path):
    with file_errors(path, "read"):
        return path.read_text(encoding="utf-8") if path.exists() else None

"""The folder of a run: its configuration, its seeds' checkpoints, and what is made from them.

The checkpoints are the run. `config.json`, `metrics.jsonl` and all else is written from them, anew
at each start, and only read where there is no checkpoint yet: a file without checksums cannot
make a result wrong.
"""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from pepita_jax.cohort import FIGURES, Cohort
from pepita_jax.environment import describe_environment
from pepita_jax.errors import UserError, require
from pepita_jax.files import replace_file
from pepita_jax.rows import append_rows, to_history, write_rows

MAY_RISE = ("num_epochs", "num_seeds")
MAY_CHANGE = {*MAY_RISE, "checkpoint_every", "tensorboard", "data_dir", "seeds_at_once"}
RESULTS = ("metrics.jsonl", "alignment.jsonl", "summary.json", "checkpoints")
ENVIRONMENT = ("environment", "earlier_environments")  # beside a run's fields in config.json


class Workdir:
    """One run's folder."""

    def __init__(self, path):
        self.path = Path(path).expanduser().absolute()
        self.checkpoints = self.path / "checkpoints"

    @contextmanager
    def claimed(self, config, layout):
        """Holds the folder for the run of a configuration, and gives the run's `Cohort`s.

        No other process can hold it meanwhile; however this one ends, the system sets it free.

        Args:
            config: nested plain dict.
            layout: how seeds are laid out on the devices; recorded.

        Raises:
            UserError: the folder holds a different run, is held by another process, or cannot be
                written, now or later.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path / ".lock", timeout=0):
                yield self._start(config, layout)
        except Timeout as error:
            raise UserError(f"workdir {self.path} is in use by another process") from error
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
            raise UserError(f"workdir {self.path} cannot be written ({reason})") from error

    def _start(self, config, layout):
        cohorts = Cohort.find_all(self.checkpoints)
        self._require_same_run(config, cohorts)
        self.content = config | self._environments(cohorts, layout)
        self._write_json("config.json", self.content)
        first_new = cohorts[-1].seeds.stop if cohorts else 0
        if first_new < config["num_seeds"]:
            new = range(first_new, config["num_seeds"])
            cohorts.append(Cohort(self.checkpoints, new))
        for name in FIGURES:
            rows, path = [row for c in cohorts for row in c.rows[name]], self.path / f"{name}.jsonl"
            if rows or path.exists():  # it may hold rows that no checkpoint has
                write_rows(path, rows)
        return cohorts

    def log(self, cohort, name, epoch, columns):
        """Adds figures of an epoch to a cohort and to their file; returns the rows."""
        rows = cohort.add(name, epoch, columns)
        append_rows(self.path / f"{name}.jsonl", rows)
        return rows

    def save(self, cohort, epoch, states):
        """Writes a cohort's checkpoint."""
        cohort.save(epoch, states, self.content)

    def write_summary(self, summary):
        """Writes `summary.json`."""
        self._write_json("summary.json", summary)

    def read(self):
        """The run as it stands: its configuration, environment and furthest cohorts.

        Seeds that were added later and have not caught up yet are left out.

        Raises:
            UserError: the folder holds no run, or one without an intact checkpoint.
        """
        cohorts = Cohort.find_all(self.checkpoints)
        if not cohorts:
            self._read_config_file()
            raise UserError(f"the run in {self.path} has no checkpoint yet")
        epoch = max(cohort.epoch for cohort in cohorts)
        there = [cohort for cohort in cohorts if cohort.epoch == epoch or cohort.has_diverged]
        content, num_seeds = cohorts[-1].config, there[-1].seeds.stop
        config = _fields(content) | {"num_seeds": num_seeds}
        return SavedRun(config, content["environment"], there)

    def _require_same_run(self, config, cohorts):
        path = self.path / "config.json"
        if not cohorts and not path.exists():
            left = [name for name in RESULTS if (self.path / name).exists()]
            require(not left, f"workdir {self.path} has {', '.join(left)} but no config.json")
            return
        saved = cohorts[-1].config if cohorts else self._read_config_file()
        found, wanted = _flatten(_fields(saved)), _flatten(json.loads(json.dumps(config)))
        changes = ", ".join(
            f"{field} was {found.get(field)!r}, is {wanted.get(field)!r}"
            for field in sorted(found.keys() | wanted.keys())
            if found.get(field) != wanted.get(field) and field not in MAY_CHANGE
        )
        advice = "use another workdir, or remove this one"
        require(not changes, f"workdir {self.path} holds a different run: {changes}; {advice}")
        for field in MAY_RISE if cohorts else ():
            message = f"workdir {self.path} holds a run with {field} {found[field]}"
            require(found[field] <= wanted[field], f"{message}; it can be raised, not lowered")

    def _environments(self, cohorts, layout):
        """What this process runs on, and what the run ran on before, where that differs."""
        now = json.loads(json.dumps({**describe_environment(), **layout}))
        saved = cohorts[-1].config if cohorts else {"environment": now}
        earlier = saved.get("earlier_environments", [])
        changed = [saved["environment"]] if saved["environment"] != now else []
        return {"environment": now, "earlier_environments": earlier + changed}

    def _read_config_file(self):
        path = self.path / "config.json"
        require(path.exists(), f"{self.path} holds no run: there is no config.json")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            content["environment"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error})") from error
        return content

    def _write_json(self, name, content):
        replace_file(self.path / name, json.dumps(content, indent=2) + "\n")


class SavedRun(NamedTuple):
    """A run as its checkpoints hold it.

    Attributes:
        config: nested dict; `num_seeds` as in the cohorts.
        environment: versions, commit, devices and layout that it was last started with.
        cohorts: `Cohort`s of seeds 0, 1, ...
    """

    config: dict
    environment: dict
    cohorts: list[Cohort]

    @property
    def num_epochs(self):
        """Epochs that are done, or that would bring nothing new."""
        if all(cohort.has_diverged for cohort in self.cohorts):
            return self.config["num_epochs"]
        return max(cohort.epoch for cohort in self.cohorts)

    def history(self, name, num_epochs=None):
        """`{name: [S, epochs, ...]}` of one of `FIGURES`, see `to_history`; all by default."""
        rows = [row for cohort in self.cohorts for row in cohort.rows[name]]
        first = 0 if name == "alignment" else 1
        last = num_epochs or self.num_epochs
        return to_history(rows, self.config["num_seeds"], range(first, last + 1))


def _fields(content):
    """The run's own fields of what `config.json` holds."""
    return {name: value for name, value in content.items() if name not in ENVIRONMENT}


def _flatten(config, prefix=""):
    """Nested dict -> `{"a.b": value}`; unset fields are left out."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat

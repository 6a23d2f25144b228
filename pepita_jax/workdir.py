"""The folder of a run: `config.json`, `metrics.jsonl`, `summary.json`, `checkpoints/`, plots."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np

from pepita_jax.errors import UserError, require

MAY_CHANGE = {"num_epochs", "checkpoint_every", "tensorboard", "data_dir", "seeds_at_once"}
RESULTS = ("metrics.jsonl", "summary.json", "checkpoints")
RECORDED_VERSIONS = ("jax", "jaxlib", "optax", "flax", "numpy")


class Workdir:
    """Reads and writes the files of one run; `checkpoint.py` has the checkpoints."""

    def __init__(self, path):
        self.path = Path(path).expanduser().absolute()

    def claim(self, config):
        """Makes the folder hold the run of `config`, a nested plain dict.

        Raises:
            UserError: the folder holds a different run, or cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._require_same_run(config)
            self._write_json("config.json", {**config, "environment": _describe_environment()})
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
            raise UserError(f"workdir {self.path} cannot be written ({reason})") from error

    def read_config(self):
        """The run's configuration as it was given.

        Raises:
            UserError: the folder holds no run, or its `config.json` is damaged.
        """
        path = self.path / "config.json"
        require(path.exists(), f"{self.path} holds no run: there is no config.json")
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            del config["environment"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error})") from error
        return config

    def read_rows(self, last_epoch):
        """The rows of `metrics.jsonl` up to an epoch."""
        path = self.path / "metrics.jsonl"
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            complete = text[: text.rfind("\n") + 1]  # another process may be writing the last line
            rows = [json.loads(line) for line in complete.splitlines()]
            return [row for row in rows if row["epoch"] <= last_epoch]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error})") from error

    def keep_rows(self, last_epoch):
        """Drops the rows of epochs after `last_epoch`, whose weights no checkpoint has."""
        rows = self.read_rows(last_epoch)
        self._write("metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def append_rows(self, rows):
        """Appends one JSON line a row to `metrics.jsonl`."""
        with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))

    def write_summary(self, summary):
        """Writes `summary.json`."""
        self._write_json("summary.json", summary)

    def _require_same_run(self, config):
        if not (self.path / "config.json").exists():
            left = [name for name in RESULTS if (self.path / name).exists()]
            require(not left, f"workdir {self.path} has {', '.join(left)} but no config.json")
            return
        found = _flatten(self.read_config())
        wanted = _flatten(json.loads(json.dumps(config)))
        changes = ", ".join(
            f"{field} was {found.get(field)!r}, is {wanted.get(field)!r}"
            for field in sorted(found.keys() | wanted.keys())
            if found.get(field) != wanted.get(field) and field not in MAY_CHANGE
        )
        advice = "use another workdir, or remove this one"
        require(not changes, f"workdir {self.path} holds a different run: {changes}; {advice}")
        message = f"workdir {self.path} holds a run of {found['num_epochs']} epochs"
        longer = found["num_epochs"] <= wanted["num_epochs"]
        require(longer, f"{message}; num_epochs can be raised, not lowered")

    def _write_json(self, name, content):
        self._write(name, json.dumps(content, indent=2) + "\n")

    def _write(self, name, text):
        """Writes a file beside its place, then renames it."""
        temporary = self.path / f".{name}.new"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.path / name)


def as_history(rows, num_seeds, num_epochs):
    """Rows of `metrics.jsonl` -> `{name: [S, epochs]}`; a `UserError` if rows are missing."""
    rows = sorted(rows, key=lambda row: (row["seed"], row["epoch"]))
    found = [(row["seed"], row["epoch"]) for row in rows]
    expected = [(k, epoch) for k in range(num_seeds) for epoch in range(1, num_epochs + 1)]
    require(found == expected, "metrics.jsonl is damaged: it has not one row an epoch and seed")
    names = [name for name in rows[0] if name not in ("epoch", "seed")]
    return {name: np.array([row[name] for row in rows]).reshape(num_seeds, -1) for name in names}


def _flatten(config, prefix=""):
    """Nested dict -> `{"a.b": value}`; unset fields are left out."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat


def _describe_environment():
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in RECORDED_VERSIONS},
        "devices": [device.device_kind for device in jax.devices()],
    }

"""The folder of a run: `config.json`, rows of figures, `summary.json`, `checkpoints/`, plots."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import jax

from pepita_jax.errors import UserError, require
from pepita_jax.rows import RowFile, replace_file

MAY_CHANGE = {"num_epochs", "checkpoint_every", "tensorboard", "data_dir", "seeds_at_once"}
RESULTS = ("metrics.jsonl", "alignment.jsonl", "summary.json", "checkpoints")
RECORDED_VERSIONS = ("jax", "jaxlib", "optax", "flax", "numpy")


class Workdir:
    """Reads and writes the files of one run; `checkpoint.py` has the checkpoints.

    Attributes:
        metrics: rows of epochs 1, 2, ... in `metrics.jsonl`.
        alignment: rows of epochs 0 (before training), 1, ... in `alignment.jsonl`.
    """

    def __init__(self, path):
        self.path = Path(path).expanduser().absolute()
        self.metrics = RowFile(self.path / "metrics.jsonl", first_epoch=1)
        self.alignment = RowFile(self.path / "alignment.jsonl", first_epoch=0)

    def claim(self, config):
        """Makes the folder hold the run of `config`, a nested plain dict.

        Raises:
            UserError: the folder holds a different run, or cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._require_same_run(config)
            self._write_json("config.json", {**config, "environment": describe_environment()})
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
            raise UserError(f"workdir {self.path} cannot be written ({reason})") from error

    def read_config(self):
        """The run's configuration as it was given.

        Raises:
            UserError: the folder holds no run, or its `config.json` is damaged.
        """
        return self._read_config_file()[0]

    def read_environment(self):
        """The versions and devices that the run was last started with; raises as `read_config`."""
        return self._read_config_file()[1]

    def _read_config_file(self):
        path = self.path / "config.json"
        require(path.exists(), f"{self.path} holds no run: there is no config.json")
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            environment = config.pop("environment")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is damaged ({error})") from error
        return config, environment

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
        replace_file(self.path / name, json.dumps(content, indent=2) + "\n")


def _flatten(config, prefix=""):
    """Nested dict -> `{"a.b": value}`; unset fields are left out."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat


def describe_environment():
    """Versions and devices, recorded beside results."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in RECORDED_VERSIONS},
        "devices": [device.device_kind for device in jax.devices()],
    }

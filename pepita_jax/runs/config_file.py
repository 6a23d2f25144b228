"""`config.json`: the configuration of a run, and where it was trained."""

import json
from pathlib import Path
from typing import Any

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.runs.old_configs import upgrade

ENVIRONMENT = ("environment", "earlier_environments")  # what it holds beside the configuration


def read_config_file(folder: Path) -> dict:
    """Reads the `config.json` of a run's folder.

    Raises:
        UserError: there is no such file, or it is damaged.
    """
    path = folder / "config.json"
    require(path.exists(), f"{folder} holds no run: there is no config.json")
    with file_errors(path, "read"):
        text = path.read_bytes()
    try:
        content = json.loads(text)
        content["environment"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error})") from error
    return upgrade(content)


def asked(folder: Path) -> int | None:
    """The number of epochs that was last asked for; None if `config.json` cannot say it."""
    try:
        return read_config_file(folder).get("num_epochs")
    except UserError:
        return None


def without_environment(content: dict) -> dict:
    """What `config.json` holds without the environments: the run's own fields."""
    return {name: value for name, value in content.items() if name not in ENVIRONMENT}


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file whole or not at all."""
    replace_file(path, json.dumps(content, indent=2, allow_nan=False) + "\n")

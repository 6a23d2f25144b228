"""The folder of a sweep, which holds that sweep alone."""

import json
from pathlib import Path

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.runs.old_configs import upgrade
from pepita_jax.runs.same_run import (
    SWEEP_FILE,
    describe_changes,
    require_not_lowered,
    require_same,
)


def claim(root: Path, config: dict, settings: list[dict], select_on: str) -> None:
    """Makes a folder hold this sweep.

    Args:
        root: its path.
        config: of the first setting, a nested dict.
        settings: of the whole sweep.
        select_on: the split that the best setting is chosen on.

    Raises:
        UserError: it holds a run, another sweep, or more seeds of this one, or is damaged.
    """
    path, settings = root / SWEEP_FILE, json.loads(json.dumps(settings))
    content = {**config, "settings": settings, "select_on": select_on}
    require(not (root / "config.json").exists(), f"{root} holds a run: use another workdir")
    with file_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _require_same_sweep(root, _read(path), content)
        replace_file(path, json.dumps(content, indent=1) + "\n")


def _read(path):
    try:
        saved = json.loads(path.read_bytes())
        len(saved["settings"]), saved["num_seeds"]  # what is looked at below
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error})") from error
    return upgrade(saved)


def _require_same_sweep(root, saved, content):
    there, here = saved["settings"], content["settings"]
    message = f"{root} holds a sweep of {len(there)} settings, not these {len(here)}"
    require(there == here, f"{message}: it can grow by num_epochs and num_seeds alone")
    require_same(root, "another sweep", describe_changes(saved, content))
    require_not_lowered(root, content, {"num_seeds": saved["num_seeds"]})

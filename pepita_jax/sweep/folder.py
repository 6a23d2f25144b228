"""The folder of a sweep, which holds that sweep alone."""

import json
from pathlib import Path
from typing import Any

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.runs.old_configs import upgrade
from pepita_jax.runs.same_run import (
    SWEEP_FILE,
    describe_changes,
    require_not_lowered,
    require_same,
)
from pepita_jax.words import counted


def claim(
    root: Path, config: dict, settings: list[dict] | dict, select_on: str, **how: Any
) -> None:
    """Makes a folder hold this sweep.

    Args:
        root: the folder.
        config: the first setting's configuration, a nested dict.
        settings: the settings of the whole sweep; for a search what it chooses from, `{"axes":
            {field: text}, "listed": settings}`.
        select_on: the split that the best setting is chosen on.
        **how: `sampler` or `halving`, if there is one; such a sweep cannot grow.

    Raises:
        UserError: the folder holds a run, another sweep, or more seeds of this one, or is damaged.
    """
    path, settings = root / SWEEP_FILE, json.loads(json.dumps(settings))
    content = {**config, "settings": settings, "select_on": select_on, **how}
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


def _describe(settings):
    if isinstance(settings, list):
        return counted(len(settings), "setting")
    axes = [f"{field}={text}" for field, text in settings["axes"].items()]
    return " and ".join([*axes, counted(len(settings["listed"]), "listed setting")])


def _require_same_sweep(root, saved, content):
    there, here = saved["settings"], content["settings"]
    message = f"{root} holds a sweep of {_describe(there)}, not of {_describe(here)}"
    if isinstance(there, list) and isinstance(here, list):
        message = f"{root} holds a sweep of {counted(len(there), 'setting')}, not these {len(here)}"
        message += ": it can grow by num_epochs and num_seeds alone"
    require(there == here, message)
    require_same(root, "another sweep", describe_changes(saved, content))
    require_not_lowered(root, content, {"num_seeds": saved["num_seeds"]})
    for name in ("sampler", "halving"):
        for field in ("num_epochs", "num_seeds") if name in content else ():
            message = f"{root} holds a sweep with --{name} and {field} {saved[field]}"
            require(saved[field] == content[field], f"{message}: this cannot be changed")

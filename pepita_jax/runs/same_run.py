"""Whether a folder holds the run to be trained there, or something else that must be kept."""

import json
from pathlib import Path
from typing import Any

from pepita_jax.errors import UserError, require
from pepita_jax.files import user_path
from pepita_jax.jax_settings import recorded_settings
from pepita_jax.options import flatten
from pepita_jax.runs.config_file import read_config_file, without_environment
from pepita_jax.runs.seed_group import SeedGroup

MAY_CHANGE = {
    "num_epochs",
    "num_seeds",
    "checkpoint_every",
    "tensorboard",
    "data_dir",
    "seeds_at_once",
}
CODE = "rule_code"  # of your own rule; runs of earlier versions have none
CHECKSUM = "data.checksum"  # of the user's own data, which may move
# If one of these differs, naming it is enough.
KINDS = ("rule.name", "model.name", "model.repr", "dataset", CHECKSUM)
RESULTS = ("metrics.jsonl", "alignment.jsonl", "summary.json", "checkpoints")
SWEEP_FILE = "sweep.json"  # which only the folder of a sweep has


def require_run(path: Any) -> None:
    """Raises a `UserError` that names the runs in a folder, if it holds some and is none itself.

    Args:
        path: the folder, as the user gives it.
    """
    folder = user_path(path)
    if (folder / "config.json").exists():
        return
    inside = sorted(file.parent for file in folder.glob("*/config.json"))
    runs = ", ".join(run.name for run in inside if "settings" not in read_config_file(run))
    if (folder / SWEEP_FILE).exists():
        are_runs = f"; it holds the runs {runs}" if runs else ""
        raise UserError(f"{path} holds a sweep: its figures are in sweep.csv{are_runs}")
    require(not runs, f"{path} holds no run itself, but folders that do: {runs}")


def require_same_run(path: Path, config: dict, groups: list[SeedGroup]) -> None:
    """Raises a `UserError` unless a folder is empty, or holds the run of a configuration.

    Args:
        path: the folder.
        config: what is to be trained there, a nested plain dict.
        groups: the seed groups that have checkpoints in the folder.
    """
    if not groups and not (path / "config.json").exists():
        left = ", ".join(name for name in RESULTS if (path / name).exists())
        require(not left, f"{path} has {left} but no config.json")
        return
    differ = [group for group in groups if _changes(group.config, config)]
    if 0 < len(differ) < len(groups):  # as after a copy from elsewhere
        folder, changes = differ[0].checkpoints.folder, _changes(differ[0].config, config)
        message = f"{folder} is of a different run, or of other JAX settings: {changes}"
        raise UserError(f"{message}; remove that folder")
    saved = groups[0].config if groups else read_config_file(path)
    changes = describe_changes(without_environment(saved), config)
    require_same(path, "a different run", changes)
    settings = changed_settings(saved["environment"])
    message = f"{path} holds a run that began under other JAX settings: {settings}"
    require(not settings, f"{message}; set them as they were, or use another workdir")
    if groups:
        done = {"num_epochs": max(group.epoch for group in groups)}
        require_not_lowered(path, config, {**done, "num_seeds": groups[-1].seeds.stop})


def require_same(path: Path, what: str, changes: str) -> None:
    """Raises a `UserError` that names the fields that differ, if there are any.

    Args:
        path: the folder.
        what: what the folder holds, for the message.
        changes: the fields, from `describe_changes`.
    """
    advice = "use another workdir, or remove this one"
    require(not changes, f"{path} holds {what}: {changes}; {advice}")


def changed_settings(environment: dict) -> str:
    """The JAX settings that differ from the recorded ones, in words; empty if none does.

    Args:
        environment: what `describe_environment` recorded with the run.
    """
    before = environment.get("settings")
    if before is None:  # earlier versions did not record them
        return ""
    return describe_changes(before, recorded_settings())


def require_not_lowered(path: Path, config: dict, done: dict[str, int]) -> None:
    """Raises a `UserError` if a configuration asks for less than is `done`, `{field: number}`."""
    for field, least in done.items():
        message = f"{path} holds a run with {field} {least}"
        require(least <= config[field], f"{message}; it can be raised, not lowered")


def describe_changes(found: dict, wanted: dict) -> str:
    """The fields that differ though they may not, in words; empty if there are none.

    Args:
        found, wanted: nested plain dicts; unset fields do not count.
    """
    found, wanted = flatten(found), flatten(json.loads(json.dumps(wanted)))
    is_moved = CHECKSUM in found and found[CHECKSUM] == wanted.get(CHECKSUM)
    may_change = MAY_CHANGE | ({"dataset"} if is_moved else set())
    may_change |= set() if CODE in found and CODE in wanted else {CODE}
    fields = [f for f in found.keys() | wanted.keys() if found.get(f) != wanted.get(f)]
    fields = [field for field in fields if field not in may_change]
    # Another rule has other options, so its name is enough.
    names = [field for field in fields if field in KINDS]
    return ", ".join(_change(found, wanted, field) for field in sorted(names or fields))


def _changes(content, config):
    """What differs between a run, as `config.json` describes it, and a configuration now."""
    changes = describe_changes(without_environment(content), config)
    return changes or changed_settings(content["environment"])


def _change(found, wanted, field):
    if field == CODE:
        return f"the code of {found['rule.name']} has changed"
    return f"{field} was {_show(found, field)}, is {_show(wanted, field)}"


def _show(fields, name):
    return repr(fields[name]) if name in fields else "not set"

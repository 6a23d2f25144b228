"""Whether a folder holds what is to be trained there, or something else that must be kept."""

import json

from pepita_jax.errors import require
from pepita_jax.jax_settings import recorded_settings
from pepita_jax.options import flatten

MAY_CHANGE = {
    "num_epochs",
    "num_seeds",
    "checkpoint_every",
    "tensorboard",
    "data_dir",
    "seeds_at_once",
}
SWEEP_FILE = "sweep.json"  # what a sweep's folder has, and a run's has not


def require_same(path, what, changes):
    """Raises a `UserError` that names the fields that differ, if any does.

    Args:
        path: of the folder.
        what: it is said to hold.
        changes: from `describe_changes`.
    """
    advice = "use another workdir, or remove this one"
    require(not changes, f"{path} holds {what}: {changes}; {advice}")


def changed_settings(environment):
    """The settings outside a run that are not as they were recorded, in words; empty if none.

    Args:
        environment: recorded with the run, by `describe_environment`.
    """
    before = environment.get("settings")
    if before is None:  # earlier versions did not record them
        return ""
    return describe_changes(before, recorded_settings())


def require_not_lowered(path, config, done):
    """Raises a `UserError` if a configuration asks for less than is `done`, `{field: number}`."""
    for field, least in done.items():
        message = f"{path} holds a run with {field} {least}"
        require(least <= config[field], f"{message}; it can be raised, not lowered")


def describe_changes(found, wanted):
    """The fields that differ, in words; empty if none does that may not.

    Args:
        found, wanted: nested plain dicts; unset fields do not count.
    """
    found, wanted = flatten(found), flatten(json.loads(json.dumps(wanted)))
    fields = [f for f in found.keys() | wanted.keys() if found.get(f) != wanted.get(f)]
    # Another rule has other options: its name says it all.
    names = [field for field in fields if field in ("rule.name", "model.name", "dataset")]
    return ", ".join(
        f"{field} was {_show(found, field)}, is {_show(wanted, field)}"
        for field in sorted(names or fields)
        if field not in MAY_CHANGE
    )


def _show(fields, name):
    return repr(fields[name]) if name in fields else "not set"

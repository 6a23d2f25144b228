"""What a result was made with: versions, commit, devices and settings."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from pepita_jax.jax_settings import recorded_settings
from pepita_jax.version import __version__

RECORDED_VERSIONS = ("jax", "jaxlib", "optax", "flax", "numpy")
HERE = Path(__file__).parent
MOST_NAMES = 3


def describe_environment() -> dict[str, Any]:
    """Versions, this package's commit, the devices and the settings, recorded beside results."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in RECORDED_VERSIONS},
        "pepita_jax": __version__,
        "commit": describe_commit(),
        "devices": [device.device_kind for device in jax.devices()],
        "settings": recorded_settings(),
    }


def describe_commit(folder: Path = HERE) -> str:
    """The commit of the git clone that a folder is in.

    Names of changed or new Python files follow it, if there are any. If no commit is found, the
    result is `unknown` and the reason.
    """
    try:
        if not _git(folder, "ls-files", "."):  # it may be installed in another's clone
            return "unknown: git does not know this copy"
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=all", ":/*.py")
    except FileNotFoundError:
        return "unknown: there is no git"
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"unknown: {said.strip().partition(chr(10))[0]}"
    names = [line[3:] for line in changed.splitlines()]
    more = ["..."] if len(names) > MOST_NAMES else []
    return f"{commit}, modified: {', '.join(names[:MOST_NAMES] + more)}" if names else commit


def _git(folder, *words):
    # GIT_DIR and its like, as git sets them for hooks, would name another clone.
    environment = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    environment["LC_ALL"] = "C"
    command = ["git", "--no-optional-locks", "-c", "core.quotePath=false", "-C", folder, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")

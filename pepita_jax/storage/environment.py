"""What a result was made with: versions, commit and devices."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import jax

from pepita_jax.settings import rounding_settings

RECORDED_VERSIONS = ("jax", "jaxlib", "optax", "flax", "numpy")


def describe_environment():
    """Versions, this package's commit and the devices, recorded beside results."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in RECORDED_VERSIONS},
        "commit": _commit(),
        "devices": [device.device_kind for device in jax.devices()],
        "settings": rounding_settings(),
    }


def _commit():
    """Of the clone that this package is in, with -dirty if its files have changed; or None."""
    here = Path(__file__)
    git = lambda *words: subprocess.run(
        ["git", "-C", here.parent, *words], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        git("ls-files", "--error-unmatch", here.name)  # it might be installed in another's clone
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return None

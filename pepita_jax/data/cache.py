"""Decoded images on disk, so that only the first start pays for decoding."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

from pepita_jax.errors import UserError
from pepita_jax.files import file_errors, user_path
from pepita_jax.watching import say

FORMAT = 1  # of the cached files; a new number renews them all


def cache_folder() -> Path:
    """The user's cache folder: `$XDG_CACHE_HOME/pepita_jax`, by default under `~/.cache`.

    Raises:
        UserError: the home folder is needed but does not exist.
    """
    return user_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "pepita_jax"


def cached(
    name: str, folder: Path, files: Iterable[Path], decode: Callable[[], dict]
) -> dict[str, np.ndarray]:
    """Arrays decoded from files in `folder`, from the cache if it is still valid.

    If the cache cannot be used, one line on standard error says so and nothing else changes.

    Args:
        name: name of the data set.
        folder: the folder that holds the files.
        files: the files; a change of their names, sizes or times renews the cache.
        decode: `() -> {name: array}`, called if the cache is not valid.
    """
    fingerprint = _fingerprint(folder, files)
    place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    file_name = f"{name}-{place}.npz"
    arrays = _read(file_name, fingerprint)
    if arrays is None:
        arrays = decode()
        _write(file_name, fingerprint, arrays)
    return arrays


def _fingerprint(folder, files):
    with file_errors(folder, "read"):
        stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in sorted(files)]
        stats = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr((FORMAT, stats)).encode()).hexdigest()


def _read(file_name, fingerprint):
    """The cached arrays, or None if they are absent, outdated or unreadable."""
    try:
        with np.load(cache_folder() / file_name, allow_pickle=False) as file:
            if str(file["fingerprint"]) != fingerprint:
                return None
            return {name: file[name] for name in file.files if name != "fingerprint"}
    # A damaged archive can raise anything; whatever it is, the cache is made again.
    except Exception:
        return None


def _write(file_name, fingerprint, arrays):
    """Writes in a temporary folder, then renames, so that no reader ever sees half a file."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as workplace:
            new = os.path.join(workplace, file_name)
            np.savez(new, fingerprint=fingerprint, **arrays)
            os.replace(new, folder / file_name)
    except UserError as error:
        _say_not_cached(str(error))
    except OSError as error:
        _say_not_cached(f"{folder}: {error.strerror or error}")


@cache  # one line per process
def _say_not_cached(reason):
    line = f"decoded images cannot be cached ({reason}), so that each start takes longer"
    say(f"{line}; set XDG_CACHE_HOME to another folder")

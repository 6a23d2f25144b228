"""Decoded images on disk, so that only the first start pays for decoding."""

import hashlib
import logging
import os
import tempfile
from pathlib import Path

import numpy as np

FORMAT = 1  # of the cached files; a new number renews them all


def cache_folder():
    """The user's cache folder: `$XDG_CACHE_HOME/pepita_jax`, by default under `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pepita_jax"


def cached(name, folder, decode):
    """Arrays decoded from the files in `folder`, from the cache where it is still valid.

    Args:
        name: of the data set.
        folder: holds the files; a change of their names, sizes or times renews the cache.
        decode: `() -> {name: array}`, called where the cache does not help.
    """
    fingerprint = _fingerprint(folder)
    place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    path = cache_folder() / f"{name}-{place}.npz"
    arrays = _read(path, fingerprint)
    if arrays is None:
        arrays = decode()
        _write(path, fingerprint, arrays)
    return arrays


def _fingerprint(folder):
    stats = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.iterdir())]
    return hashlib.sha256(repr((FORMAT, stats)).encode()).hexdigest()


def _read(path, fingerprint):
    """The arrays in `path`, or None if it is absent, outdated or unreadable."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["fingerprint"]) != fingerprint:
                return None
            return {name: file[name] for name in file.files if name != "fingerprint"}
    # A damaged archive can raise anything; whatever it is, the cache is made again.
    except Exception:
        return None


def _write(path, fingerprint, arrays):
    """Writes beside `path`, then renames, so that no reader ever sees half a file."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            temporary = file.name
            np.savez(file, fingerprint=fingerprint, **arrays)
        os.replace(temporary, path)
    except OSError as error:
        logging.getLogger(__name__).warning("decoded data is not cached: %s", error)
        if temporary:
            Path(temporary).unlink(missing_ok=True)

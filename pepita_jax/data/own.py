"""Your own data, by path: an `.npz` file, or a folder of images by class."""

import os
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from pepita_jax.data.folder import list_images, read_folder
from pepita_jax.data.info import DatasetInfo, Split
from pepita_jax.data.npz import read_npz
from pepita_jax.data.sets import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, user_path


def is_own(name: Any) -> bool:
    """Whether a name is the path of your own data, and not the name of a set.

    A path ends in `.npz`, begins with `/`, `.` or `~`, or is a folder that has a folder `train`.
    """
    if not isinstance(name, str) or name in DATASETS:
        return False
    is_path = name.endswith(".npz") or name.startswith(("/", ".", "~"))
    return is_path or os.path.isdir(os.path.join(name, "train"))


def own_path(name: str) -> str:
    """The absolute path of your own data; the name of any other set unchanged."""
    return str(user_path(name)) if is_own(name) else name


def show_name(name: str) -> str:
    """A set's name, or the last part of the path of your own data."""
    return Path(name).name if is_own(name) else name


def own_info(name: str) -> DatasetInfo:
    """The shape, classes, sizes and checksum of the data at a path.

    Raises:
        UserError: the data are missing or not usable.
    """
    path = user_path(name)
    return _describe(path, _stamp(path))


@lru_cache(maxsize=8)  # a start asks several times, and reading may take seconds
def _describe(path, stamp):
    train, test, checksum = _read(path)
    shape, num_classes = train[0].shape[1:], int(train[1].max()) + 1
    load = partial(_load, path, checksum)
    return DatasetInfo(shape, num_classes, len(train[0]), len(test[0]), checksum, load)


def _load(path, checksum):
    train, test, found = _read(path)
    require(found == checksum, f"{path} has changed while it was read")
    return train, test


def _read(path) -> tuple[Split, Split, str]:
    try:
        train, test, checksum = read_folder(path) if path.is_dir() else read_npz(path)
        one, other = (split[0].shape[1:] for split in (train, test))
        require(one == other, f"training images have shape {one}, test images {other}")
        _require_all_classes(train[1], test[1])
    except UserError as error:
        text = str(error)
        raise UserError(text if str(path) in text else f"{path}: {text}") from error
    return train, test, checksum


def _require_all_classes(train, test):
    number, there = int(max(train.max(), test.max())) + 1, set(train.tolist())
    missing = list(islice((str(c) for c in range(number) if c not in there), 10))
    more = number - len(there) - len(missing)
    which = ", ".join(missing) + (f" and {more} more" if more else "")
    message = f"labels go up to {number - 1}, but no training image is of class {which}"
    require(not missing, f"{message}: number the classes from 0, without gaps")
    require(number > 1, "all images are of one class")


def _stamp(path: Path):
    """A value that changes when the data change."""
    message = f"there is no file or folder {path}"
    require(path.exists(), message)
    with file_errors(path, "read"):
        try:
            splits = list_images(path).values() if path.is_dir() else [[path]]
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
        stats = [(file, file.stat()) for files in splits for file in files]
        return tuple((str(f), s.st_size, s.st_mtime_ns, s.st_ino) for f, s in stats)

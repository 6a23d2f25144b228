"""Your own arrays: an `.npz` file with x_train, y_train, x_test and y_test (Keras' names)."""

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from pepita_jax.data.images import usable_images
from pepita_jax.data.info import Split
from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors


def read_npz(path: Path) -> tuple[Split, Split, str]:
    """The training set, the test set, and the file's checksum.

    Raises:
        UserError: the file is missing or damaged, or an array is missing or not usable.
    """
    with file_errors(path, "read"):
        with open(path, "rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        arrays = _arrays(path)
    train, test = (_split(arrays, split) for split in ("train", "test"))
    return train, test, checksum


def _arrays(path):
    names = ("x_train", "y_train", "x_test", "y_test")
    require(zipfile.is_zipfile(path), "it is not an .npz file, or it is damaged")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = ", ".join(name for name in names if name not in file.files)
            there = ", ".join(file.files) or "nothing"
            require(not missing, f"it lacks {missing}; it holds {there}")
            return {name: file[name] for name in names}
    except UserError:
        raise
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error):
            message = "it holds pickled objects, which are not read: save arrays of numbers"
            raise UserError(message) from error
        raise UserError(f"it is damaged ({error})") from error


def _split(arrays, split):
    x, y = f"x_{split}", f"y_{split}"
    image, label = arrays[x], arrays[y]
    message = f"{x} has shape {image.shape}: give [N, H, W], or [N, H, W, C]"
    require(image.ndim in (3, 4), message)
    require(image.size, f"{x} is empty: its shape is {image.shape}")
    is_usable = image.dtype == np.uint8 or np.issubdtype(image.dtype, np.floating)
    require(is_usable, f"{x} holds {image.dtype}: give uint8, or floats in [0, 1]")
    image = image[..., None] if image.ndim == 3 else image
    return usable_images(x, image, image.shape[1:]), _labels(y, label, len(image))


def _labels(name, label, num_images):
    label = label[:, 0] if label.ndim == 2 and label.shape[1] == 1 else label
    message = f"{name} has shape {label.shape}: give one class number per image"
    require(label.ndim == 1, message)
    message = f"{name} holds {label.dtype}: give class numbers, which are integers"
    require(np.issubdtype(label.dtype, np.integer), message)
    require(len(label) == num_images, f"{name} has {len(label)} labels for {num_images} images")
    for extreme in (label.min(), label.max()):
        message = f"{name} holds {extreme}: classes are numbered from 0, without gaps"
        require(0 <= extreme <= np.iinfo(np.int32).max, message)
    return label.astype(np.int32)

"""Reads sets that TensorFlow Datasets prepared as ArrayRecord, without TensorFlow."""

import json
import os
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging as absl_logging

from pepita_jax.data.builders import image_and_label, make_builder
from pepita_jax.data.cache import cached
from pepita_jax.data.info import DatasetInfo, Split
from pepita_jax.data.sets import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, user_path
from pepita_jax.watching import progress_bar

CHUNK = 1000  # examples decoded at once


def tfds_folder(data_dir: Any = None) -> Path:
    """Where TensorFlow Datasets keeps its sets: `data_dir`, `TFDS_DATA_DIR`, or the home folder.

    Raises:
        UserError: the home folder is needed but does not exist.
    """
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        return user_path(chosen or "~/tensorflow_datasets")
    except UserError as error:
        raise UserError(
            f"{error}; set data_dir or TFDS_DATA_DIR to the data sets' folder"
        ) from error


def find_versions(name: str, data_dir: Any = None) -> list[Path]:
    """The folders of a set's prepared versions, the newest last.

    Raises:
        UserError: the folder cannot be read.
    """
    root = tfds_folder(data_dir)
    with file_errors(root, "read"):
        try:
            folders = sorted((root / name).iterdir())
        except FileNotFoundError:
            return []
        return [folder for folder in folders if (folder / "dataset_info.json").exists()]


def find_prepared(name: str, data_dir: Any = None) -> Path:
    """The folder of the newest prepared version of a set.

    Raises:
        UserError: there is no such set, or no prepared version of it; or it cannot be read, or its
            format needs TensorFlow.
    """
    versions = find_versions(name, data_dir)
    if not versions and name not in DATASETS:
        make_builder(name)  # which names what is valid
    root = tfds_folder(data_dir)
    require(versions, f"dataset {name!r} is not in {root}; {_how_to_prepare(name, data_dir)}")
    file_format = _file_format(versions[-1])
    require(
        file_format in ("array_record", None),
        f"dataset {name!r} in {versions[-1]} is stored as {file_format}, which needs TensorFlow; "
        f"prepare it elsewhere: python -m experiments.prepare_data {name} --data_dir=FOLDER",
    )
    return versions[-1]


def prepared_info(name: str, data_dir: Any = None) -> DatasetInfo:
    """The shape, classes and sizes of a prepared set, from its own description.

    Raises:
        UserError: see `find_prepared`; or the set has no images of a fixed shape with one class
            each, or no images to train on or to test.
    """
    import tensorflow_datasets as tfds

    folder = find_prepared(name, data_dir)
    with _reading(name, folder, data_dir):
        info = tfds.builder_from_directory(folder).info
        image, label = image_and_label(name, info)
        sizes = {split: info.splits[split].num_examples for split in info.splits}
        shape, num_classes = info.features[image].shape, info.features[label].num_classes
    for split in ("train", "test"):
        there = ", ".join(sizes) or "none"
        message = f"dataset {name!r} has no split {split!r}; it has {there}"
        require(sizes.get(split), message)
    return DatasetInfo(shape, num_classes, sizes["train"], sizes["test"])


def load_prepared(name: str, info: DatasetInfo, data_dir: Any = None) -> tuple[Split, Split]:
    """The training and the test set, from the cache if it is up to date.

    Args:
        name, data_dir: see `find_prepared`.
        info: what the set should be like.

    Raises:
        UserError: the set is missing, truncated or damaged.
    """
    folder = find_prepared(name, data_dir)
    read = lambda: _read_prepared(name, folder, data_dir, info)
    arrays = cached(name.replace("/", "_"), folder, folder.iterdir(), read)
    train, test = ((arrays[f"{s}_image"], arrays[f"{s}_label"]) for s in ("train", "test"))
    return train, test


def _file_format(folder):
    """The format that the set's description names; None if it cannot be read or names none."""
    try:
        return json.loads((folder / "dataset_info.json").read_text()).get("fileFormat")
    except (OSError, ValueError, AttributeError):
        return None


def _read_prepared(name, folder, data_dir, info):
    import tensorflow_datasets as tfds

    arrays = {}
    with _reading(name, folder, data_dir):
        builder = tfds.builder_from_directory(folder)
        keys = image_and_label(name, builder.info)
        for split in ("train", "test"):
            source = builder.as_data_source(split)
            decoded = _decode(f"{name} {split}", source, keys, info.image_shape)
            arrays[f"{split}_image"], arrays[f"{split}_label"] = decoded

    advice = _how_to_prepare(name, data_dir)
    for split, expected in (("train", info.num_train), ("test", info.num_test)):
        found, label = len(arrays[f"{split}_image"]), arrays[f"{split}_label"]
        message = f"dataset {name!r} in {folder} has {found} {split} images instead of {expected}"
        require(found == expected, f"{message}; {advice}")
        low, high = label.min(), label.max()
        message = f"dataset {name!r} in {folder} has {split} labels from {low} to {high}"
        require(0 <= low and high < info.num_classes, f"{message}, not below {info.num_classes}")
    return arrays


@contextmanager
def _reading(name, folder, data_dir):
    """If the readers fail, raises a `UserError` that names the set and how to prepare it."""
    try:
        yield
    except UserError:
        raise
    except ImportError as error:  # the reader of ArrayRecord is built for Linux alone
        raise UserError(f"dataset {name!r} cannot be read on this system: {error}") from error
    # The readers pass on whatever their libraries raise; any of it means a bad set.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"dataset {name!r} in {folder} cannot be read ({reason})"
        raise UserError(f"{message}; {_how_to_prepare(name, data_dir)}") from error


def _decode(description, source, keys, shape):
    images = np.empty((len(source), *shape), np.uint8)
    labels = np.empty(len(source), np.int32)
    absl_logging.set_verbosity(absl_logging.ERROR)  # otherwise it prints a line about OpenCV
    with progress_bar(f"decoding {description}", len(source)) as progress:
        for start in range(0, len(source), CHUNK):
            indices = range(start, min(start + CHUNK, len(source)))
            for i, example in zip(indices, source.__getitems__(indices), strict=True):
                images[i], labels[i] = (example[key] for key in keys)
            progress.update(len(indices))
    return images, labels


def _how_to_prepare(name, data_dir):
    option = f" --data_dir={shlex.quote(str(data_dir))}" if data_dir else ""
    return f"prepare it with: python -m experiments.prepare_data {name}{option}"

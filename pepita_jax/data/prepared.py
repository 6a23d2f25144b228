"""Reading sets that TensorFlow Datasets prepared as ArrayRecord, without TensorFlow."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging as absl_logging
from tqdm import tqdm

from pepita_jax.data.cache import cached
from pepita_jax.data.sets import DATASETS, tfds_folder
from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors
from pepita_jax.watching import standard_error

CHUNK = 1000  # examples decoded at once


def find_versions(name: str, data_dir: Any = None) -> list[Path]:
    """The folders of a set's prepared versions, the newest last.

    Raises:
        UserError: they cannot be looked for.
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
        UserError: there is none, it cannot be read, or its format needs TensorFlow.
    """
    versions = find_versions(name, data_dir)
    root = tfds_folder(data_dir)
    require(versions, f"dataset {name!r} is not in {root}; {_how_to_prepare(name, data_dir)}")
    file_format = _file_format(versions[-1])
    require(
        file_format in ("array_record", None),
        f"dataset {name!r} in {versions[-1]} is stored as {file_format}, which needs TensorFlow; "
        f"prepare it elsewhere: python -m experiments.prepare_data {name} --data_dir=FOLDER",
    )
    return versions[-1]


def load_prepared(name: str, data_dir: Any = None) -> dict[str, np.ndarray]:
    """All images of a set, from the cache where that is up to date.

    Returns:
        `{"train_image": [N, H, W, C] uint8, "train_label": [N] int32, "test_image": ...}`.

    Raises:
        UserError: the set is missing, truncated or damaged.
    """
    folder = find_prepared(name, data_dir)
    return cached(name, folder, lambda: _read_prepared(name, folder, data_dir))


def _file_format(folder):
    """What the set's description says; None if it cannot be read or says nothing."""
    try:
        return json.loads((folder / "dataset_info.json").read_text()).get("fileFormat")
    except (OSError, ValueError, AttributeError):
        return None


def _read_prepared(name, folder, data_dir):
    import tensorflow_datasets as tfds

    advice = _how_to_prepare(name, data_dir)
    try:
        builder = tfds.builder_from_directory(folder)
        arrays = {}
        for split in ("train", "test"):
            source = builder.as_data_source(split)
            arrays[f"{split}_image"], arrays[f"{split}_label"] = _decode(name, split, source)
    except ImportError as error:  # the reader of ArrayRecord is built for Linux alone
        raise UserError(f"dataset {name!r} cannot be read on this system: {error}") from error
    # The readers raise whatever their formats' libraries raise; all else means a bad set.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"dataset {name!r} in {folder} cannot be read ({reason}); {advice}"
        raise UserError(message) from error

    info = DATASETS[name]
    for split, expected in (("train", info.num_train), ("test", info.num_test)):
        found = len(arrays[f"{split}_image"])
        message = f"dataset {name!r} in {folder} has {found} {split} images instead of {expected}"
        require(found == expected, f"{message}; {advice}")
    return arrays


def _decode(name, split, source):
    images = np.empty((len(source), *DATASETS[name].image_shape), np.uint8)
    labels = np.empty(len(source), np.int32)
    absl_logging.set_verbosity(absl_logging.ERROR)  # else a line about OpenCV
    description = f"decoding {name} {split}"
    stream = standard_error()
    with tqdm(
        total=len(source), desc=description, leave=False, file=stream, disable=not stream.isatty()
    ) as progress:
        for start in range(0, len(source), CHUNK):
            indices = range(start, min(start + CHUNK, len(source)))
            for i, example in zip(indices, source.__getitems__(indices), strict=True):
                images[i], labels[i] = example["image"], example["label"]
            progress.update(len(indices))
    return images, labels


def _how_to_prepare(name, data_dir):
    option = f" --data_dir={shlex.quote(str(data_dir))}" if data_dir else ""
    return f"prepare it with: python -m experiments.prepare_data {name}{option}"

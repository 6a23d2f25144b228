"""Reading sets that TensorFlow Datasets prepared as ArrayRecord, without TensorFlow."""

import numpy as np
from absl import logging as absl_logging
from tqdm import tqdm

from pepita_jax.data.sets import DATASETS, tfds_folder
from pepita_jax.errors import UserError, require

CHUNK = 1000  # examples decoded at once


def find_prepared(name, data_dir=None):
    """The folder of the newest prepared version of a set; a `UserError` if there is none."""
    root = tfds_folder(data_dir) / name
    versions = sorted(info.parent for info in root.glob("*/dataset_info.json"))
    message = f"dataset {name!r} is not in {root.parent}; {_how_to_prepare(name, data_dir)}"
    require(versions, message)
    return versions[-1]


def read_prepared(name, folder):
    """Decodes all images of a set.

    Returns:
        `{"train_image": [N, H, W, C] uint8, "train_label": [N] int32, "test_image": ...}`.

    Raises:
        UserError: files are missing, truncated or damaged, or not ArrayRecord.
    """
    import tensorflow_datasets as tfds

    data_dir = folder.parent.parent
    try:
        builder = tfds.builder_from_directory(folder)
        arrays = {}
        for split in ("train", "test"):
            source = builder.as_data_source(split)
            arrays[f"{split}_image"], arrays[f"{split}_label"] = _decode(name, split, source)
    # The readers below raise whatever their formats' libraries raise; all mean a bad set.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"dataset {name!r} in {folder} cannot be read ({reason}); "
        raise UserError(message + _how_to_prepare(name, data_dir)) from error
    _check_shapes(name, folder, arrays)
    return arrays


def _decode(name, split, source):
    shape = DATASETS[name].image_shape
    images = np.empty((len(source), *shape), np.uint8)
    labels = np.empty(len(source), np.int32)
    absl_logging.set_verbosity(absl_logging.ERROR)  # else a line about OpenCV
    progress = tqdm(total=len(source), desc=f"decoding {name} {split}", unit=" images")
    with progress:
        for start in range(0, len(source), CHUNK):
            indices = range(start, min(start + CHUNK, len(source)))
            for i, example in zip(indices, source.__getitems__(indices), strict=True):
                images[i], labels[i] = example["image"], example["label"]
            progress.update(len(indices))
    return images, labels


def _check_shapes(name, folder, arrays):
    info = DATASETS[name]
    for split, expected in (("train", info.num_train), ("test", info.num_test)):
        found = len(arrays[f"{split}_image"])
        message = f"dataset {name!r} in {folder} has {found} {split} images instead of {expected}; "
        require(found == expected, message + _how_to_prepare(name, folder.parent.parent))


def _how_to_prepare(name, data_dir):
    option = f" --data_dir={data_dir}" if data_dir else ""
    return f"prepare it with: python -m experiments.prepare_data {name}{option}"

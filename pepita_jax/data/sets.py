"""The data sets that the project knows, and where prepared ones live."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from pepita_jax.errors import UserError
from pepita_jax.files import user_path


class DatasetInfo(NamedTuple):
    """Shape `(H, W, C)` of an image, number of classes, and images in each split."""

    image_shape: tuple[int, int, int]
    num_classes: int
    num_train: int
    num_test: int


DATASETS = {
    "digits": DatasetInfo((8, 8, 1), 10, 1437, 360),
    "mnist": DatasetInfo((28, 28, 1), 10, 60000, 10000),
    "fashion_mnist": DatasetInfo((28, 28, 1), 10, 60000, 10000),
    "cifar10": DatasetInfo((32, 32, 3), 10, 50000, 10000),
    "cifar100": DatasetInfo((32, 32, 3), 100, 50000, 10000),
}


def tfds_folder(data_dir: Any = None) -> Path:
    """Where TensorFlow Datasets keeps its sets: `data_dir`, `TFDS_DATA_DIR`, or the home folder.

    Raises:
        UserError: the home folder is needed, and there is none.
    """
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        return user_path(chosen or "~/tensorflow_datasets")
    except UserError as error:
        raise UserError(
            f"{error}; set data_dir or TFDS_DATA_DIR to the data sets' folder"
        ) from error

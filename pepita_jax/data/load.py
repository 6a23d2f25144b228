"""From a data set's name to the arrays that training uses."""

import os
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from pepita_jax.data.builders import image_and_label, make_builder
from pepita_jax.data.images import to_float
from pepita_jax.data.info import DatasetInfo
from pepita_jax.data.own import is_own, own_info
from pepita_jax.data.prepared import load_prepared, prepared_info
from pepita_jax.data.preprocess import PREPROCESSES
from pepita_jax.data.sets import DATASETS
from pepita_jax.data.validation import num_validation, require_random_order
from pepita_jax.errors import UserError, look_up, require


class Dataset(NamedTuple):
    """Splits of a data set, each `(image, label)`; `validation` is None if there is none.

    Images are `[N, H, W, C]`, float32 or uint8; labels are int32 `[N]`.
    """

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def eval_splits(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The splits to evaluate on, by name."""
        return {name: data for name, data in self._asdict().items() if name != "train" and data}


def load_dataset(
    name: str,
    data_dir: str | None = None,
    validation_fraction: float = 0.0,
    preprocess: str = "none",
    whiten: Any = None,
) -> Dataset:
    """Loads a data set. Its images are float32, in [0, 1] unless they are preprocessed.

    >>> import pepita_jax as pj
    >>> image, label = pj.load_dataset("digits").train
    >>> image.shape, label.shape
    ((1437, 8, 8, 1), (1437,))

    Args:
        name: a key of `DATASETS`; a set of TensorFlow Datasets that has been prepared; or the path
            of your own data, an `.npz` file or a folder of images.
        data_dir: folder of TensorFlow Datasets; None: `TFDS_DATA_DIR`, or the home folder's.
        validation_fraction: share of the training set, taken from its end, for validation.
        preprocess: `none`; `standardize`, mean 0 and deviation 1 in each channel; `whiten`, by ZCA;
            `rescale`, to [0, 1]; or `whiten_rescale`, one after the other. The statistics are those
            of the images that are trained on.
        whiten: refused; it became `preprocess="whiten"`.

    Returns:
        A `Dataset` with fields `train`, `test` and `validation`, each a pair of images
        `[N, H, W, C]` and labels int32 `[N]`; `validation` is None without such a split.

    Raises:
        UserError: the name is unknown, or the set is missing, empty or damaged, or your own data
            are sorted by class and a validation split is asked for.
    """
    splits = load_stored(name, data_dir, validation_fraction, preprocess, whiten)
    floats = ((to_float(split[0]), split[1]) if split else None for split in splits)
    return Dataset(*floats)  # ty: ignore[invalid-argument-type]  only validation may be None


def load_stored(
    name: str,
    data_dir: str | None = None,
    validation_fraction: float = 0.0,
    preprocess: str = "none",
    whiten: Any = None,
) -> Dataset:
    """Loads a data set as it is stored: most images have a byte per number.

    A run keeps its training set on the device, where bytes take a fourth of the memory. The
    arguments and errors are those of `load_dataset`.
    """
    require(whiten is None, f"whiten={whiten} is preprocess={'whiten' if whiten else 'none'!r} now")
    change = look_up("preprocess", preprocess, PREPROCESSES)
    info = dataset_info(name, data_dir)
    size = num_validation(validation_fraction, info.num_train)
    train, test = info.load() if info.load else load_prepared(name, info, data_dir)
    splits = [train, test]
    if size:
        splits = [tuple(x[:-size] for x in train), test, tuple(x[-size:] for x in train)]
        if info.checksum:  # the user's own data may be sorted by class; published sets are not
            require_random_order(splits[0][1], splits[2][1])
    images = change(*(image for image, _ in splits))
    return Dataset(*((image, label) for image, (_, label) in zip(images, splits, strict=True)))


def black_value(
    name: str,
    data_dir: str | None = None,
    validation_fraction: float = 0.0,
    preprocess: str = "none",
) -> tuple[float, ...]:
    """What `load_stored` makes of black, one number per channel, in the unit of `to_float`.

    It is 0 without preprocessing. A whitened black image varies from place to place; the value is
    its mean.
    """
    image = load_stored(name, data_dir, validation_fraction).train[0]
    black = PREPROCESSES[preprocess](image, np.zeros_like(image[:1]))[1]
    return tuple(to_float(black).mean((0, 1, 2), dtype=np.float64).tolist())


def dataset_info(name: str, data_dir: str | None = None) -> DatasetInfo:
    """What a data set is like; arguments and errors as of `load_dataset`."""
    name = os.fspath(name) if isinstance(name, os.PathLike) else name
    require(isinstance(name, str), f"a data set's name or path must be a text, got {name!r}")
    if name in DATASETS:
        return DATASETS[name]
    return own_info(name) if is_own(name) else prepared_info(name, data_dir)


def num_channels(name: str) -> int:
    """The number of channels of a set's images; the set need not be prepared."""
    if name in DATASETS or is_own(name):
        return dataset_info(name).image_shape[2]
    info = None
    with suppress(UserError):
        info = make_builder(name).info
    if info is None:  # it may have been prepared by another builder
        return dataset_info(name).image_shape[2]
    return info.features[image_and_label(name, info)[0]].shape[2]

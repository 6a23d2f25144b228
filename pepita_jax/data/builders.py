"""What TensorFlow Datasets knows of a set by its name, without TensorFlow and without data."""

import io
import re
from contextlib import redirect_stdout
from difflib import get_close_matches
from typing import Any

import numpy as np

from pepita_jax.data.sets import DATASETS
from pepita_jax.errors import UserError, require
from pepita_jax.words import list_some


def is_tfds_name(name: Any) -> bool:
    """Whether a name is formed as those of TensorFlow Datasets: `kmnist`, `emnist/balanced`."""
    return isinstance(name, str) and bool(re.fullmatch(r"[a-z]\w*(/[\w.+-]+)?", name))


def make_builder(name: str, data_dir: Any = None) -> Any:
    """The builder of a set.

    Args:
        name: name of the set; if it has configurations, with the name of one after a slash.
        data_dir: folder in which the builder would prepare the set.

    Raises:
        UserError: TensorFlow Datasets has no such set, or its builder needs TensorFlow.
    """
    import tensorflow_datasets as tfds

    if not is_tfds_name(name):
        raise UserError(_unknown(name))
    base, _, config = name.partition("/")
    try:
        builder = tfds.builder_cls(base)
        _require_config(name, config, builder.builder_configs)
        with redirect_stdout(io.StringIO()):  # otherwise it prints ten lines about TensorFlow
            return builder(config=config or None, data_dir=data_dir, file_format="array_record")
    except tfds.core.DatasetNotFoundError as error:
        raise UserError(_unknown(name)) from error
    except ImportError as error:
        raise UserError(f"dataset {name!r} cannot be used here: {error}") from error


def _require_config(name, config, configs):
    base, some = name.partition("/")[0], list_some(configs)
    message = f"dataset {base!r} has no part {config!r}" + (f"; valid: {some}" if some else "")
    require(not config or config in configs, message)
    require(config or not configs, f"dataset {base!r} has parts: give {base}/PART, of {some}")


def _unknown(name):
    import tensorflow_datasets as tfds

    names = tfds.list_builders(with_community_datasets=False)
    near = get_close_matches(str(name), names)
    known = ", ".join(sorted(DATASETS))
    more = f" (such as {', '.join(near)})" if near else ""
    others = f"a set of TensorFlow Datasets{more}, FILE.npz, or the folder of your own images"
    return f"unknown dataset {name!r}; valid: {known}, {others}"


def image_and_label(name: str, info: Any) -> tuple[str, str]:
    """The names of the features that hold an image and its class.

    Args:
        name: name of the set.
        info: its `tfds.core.DatasetInfo`.

    Raises:
        UserError: the set does not consist of images of a fixed shape with one class each.
    """
    import tensorflow_datasets as tfds

    keys, features = info.supervised_keys or ("image", "label"), info.features
    is_pair = len(keys) == 2 and all(isinstance(key, str) and key in features for key in keys)
    message = f"dataset {name!r} does not consist of images with one class each"
    require(is_pair, message)
    image, label = (features[key] for key in keys)
    require(isinstance(image, tfds.features.Image), message)
    require(isinstance(label, tfds.features.ClassLabel), message)
    shape = image.shape
    message = f"the images of dataset {name!r} have no fixed shape, but {shape}"
    require(len(shape) == 3 and None not in shape, message)
    require(image.np_dtype == np.uint8, f"the images of dataset {name!r} are {image.np_dtype}")
    return keys

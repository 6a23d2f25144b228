"""Training images, the last tenth of them held out, as an experiment may want them."""

import numpy as np

from pepita_jax import load_dataset

IMAGES = ("plain", "standardized", "whitened")


def load_held_out(dataset, images="plain"):
    """Two splits of a training set, `(train, held_out)`, each `(image, label)`.

    Args:
        dataset: a key of `DATASETS`.
        images: of `IMAGES`; standardized ones have mean 0 and deviation 1 in each channel. The
            statistics are of the images that are trained on.

    Raises:
        UserError: see `load_dataset`.
    """
    data = load_dataset(dataset, validation_fraction=0.1, whiten=images == "whitened")
    splits = data.train, data.validation
    return standardize(*splits) if images == "standardized" else splits


def standardize(train, *others):
    """Splits, images less the training images' mean and in units of their deviation."""
    pixels = train[0].reshape(-1, train[0].shape[-1])
    mean, std = (f(pixels, 0, dtype=np.float64).astype(np.float32) for f in (np.mean, np.std))
    return tuple(((image - mean) / std, label) for image, label in (train, *others))

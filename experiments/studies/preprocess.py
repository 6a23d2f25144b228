"""Training images, the last tenth of them held out, as an experiment may want them."""

import numpy as np

from pepita_jax.data import load_stored

IMAGES = ("plain", "standardized", "whitened", "rescaled")


def load_held_out(dataset, images="plain"):
    """Two splits of a training set, `(train, held_out)`, each `(image, label)`.

    Args:
        dataset: a key of `DATASETS`.
        images: of `IMAGES`; standardized ones have mean 0 and deviation 1 in each channel,
            rescaled ones are whitened and then scaled to [0, 1]. The statistics are of the images
            that are trained on.

    Raises:
        UserError: see `load_stored`.
    """
    whiten = images in ("whitened", "rescaled")
    data = load_stored(dataset, validation_fraction=0.1, whiten=whiten)
    change = {"standardized": standardize, "rescaled": rescale}.get(images)
    splits = data.train, data.validation
    return change(*splits) if change else splits


def standardize(train, *others):
    """Splits, images less the training images' mean and in units of their deviation."""
    pixels = train[0].reshape(-1, train[0].shape[-1])
    mean, std = (f(pixels, 0, dtype=np.float64).astype(np.float32) for f in (np.mean, np.std))
    return tuple(((image - mean) / std, label) for image, label in (train, *others))


def rescale(train, *others):
    """Splits, all pixels scaled alike so that the training images' lie in [0, 1]."""
    low, high = train[0].min(), train[0].max()
    return tuple(((image - low) / (high - low), label) for image, label in (train, *others))

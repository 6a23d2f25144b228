"""Training and validation images, prepared as an ablation needs them."""

import numpy as np

from pepita_jax.data import load_stored
from pepita_jax.data.preprocess import rescale, standardize

IMAGES = ("plain", "standardized", "whitened", "rescaled")

Split = tuple[np.ndarray, np.ndarray]


def load_images(dataset: str, images: str = "plain") -> tuple[Split, Split]:
    """The training and the validation split, each `(image, label)`; validation is the last tenth.

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
    if not change:
        return splits
    changed = change(*(image for image, _ in splits))
    return tuple((image, label) for image, (_, label) in zip(changed, splits, strict=True))

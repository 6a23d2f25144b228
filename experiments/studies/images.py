"""Training and validation images, prepared as an ablation needs them."""

import numpy as np

from pepita_jax.data import load_stored

# {name: field `preprocess`}
IMAGES = {
    "plain": "none",
    "standardized": "standardize",
    "whitened": "whiten",
    "rescaled": "whiten_rescale",
}

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
    data = load_stored(dataset, validation_fraction=0.1, preprocess=IMAGES[images])
    return data.train, data.validation

"""The digits of scikit-learn."""

import numpy as np

from pepita_jax.data.info import DatasetInfo, Split

NUM_TRAIN = 1437


def load_digits() -> tuple[Split, Split]:
    """The training and the test set, in scikit-learn's order; the last 360 images are for test."""
    from sklearn import datasets

    digits = datasets.load_digits()
    image = (digits.images / 16).astype(np.float32)[..., None]
    label = digits.target.astype(np.int32)
    return (image[:NUM_TRAIN], label[:NUM_TRAIN]), (image[NUM_TRAIN:], label[NUM_TRAIN:])


DIGITS = DatasetInfo((8, 8, 1), 10, NUM_TRAIN, 360, load=load_digits)

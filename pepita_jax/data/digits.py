"""scikit-learn's digits."""

import numpy as np

from pepita_jax.data.info import DatasetInfo, Split

NUM_TRAIN = 1437


def load_digits() -> tuple[Split, Split]:
    """The training and the test set, in scikit-learn's own order; the last 360 are the test set."""
    from sklearn import datasets

    digits = datasets.load_digits()
    image = (digits.images / 16).astype(np.float32)[..., None]
    label = digits.target.astype(np.int32)
    return (image[:NUM_TRAIN], label[:NUM_TRAIN]), (image[NUM_TRAIN:], label[NUM_TRAIN:])


DIGITS = DatasetInfo((8, 8, 1), 10, NUM_TRAIN, 360, load=load_digits)

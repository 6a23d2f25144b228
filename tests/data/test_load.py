"""Data sets by name: their splits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pepita_jax import UserError, load_dataset


def test_digits_are_scikit_learn_s_in_its_order():
    digits, dataset = load_digits(), load_dataset("digits")
    assert dataset.train[0].shape == (1437, 8, 8, 1)
    assert dataset.test[0].shape == (360, 8, 8, 1)
    np.testing.assert_array_equal(dataset.test[0][..., 0] * 16, digits.images[-360:])
    np.testing.assert_array_equal(dataset.train[1], digits.target[:1437])


def test_a_validation_split_is_the_end_of_the_training_set():
    whole, dataset = load_dataset("digits"), load_dataset("digits", validation_fraction=0.25)
    assert len(dataset.validation[0]) == 359
    for part in (0, 1):
        joined = np.concatenate([dataset.train[part], dataset.validation[part]])
        np.testing.assert_array_equal(joined, whole.train[part])
        np.testing.assert_array_equal(dataset.test[part], whole.test[part])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "imagenet"}, "unknown dataset 'imagenet'; valid: cifar10, cifar100, digits"),
        ({"name": "digits", "validation_fraction": 1.0}, "must be below 1"),
        ({"name": "digits", "validation_fraction": -0.1}, "must be at least 0"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UserError, match=message):
        load_dataset(**options)

"""Data sets by name: their splits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from configs.default import as_plain, get_config
from pepita_jax import UserError, load_dataset
from pepita_jax.data import DATASETS, DatasetInfo, dataset_info
from pepita_jax.runs.experiment import build_experiment


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


def test_a_new_set_needs_one_line(monkeypatch):
    """The line is its `DatasetInfo`, which says what it is like and loads it."""
    image, label = np.zeros((8, 4, 4, 1), np.uint8), np.arange(8, dtype=np.int32) % 2
    splits = (image, label), (image[:2], label[:2])
    new = DatasetInfo((4, 4, 1), 2, 8, 2, load=lambda: splits)
    monkeypatch.setitem(DATASETS, "new", new)
    assert dataset_info("new") is new
    config = get_config("bp,mlp,new")
    config.update_from_flattened_dict({"batch_size": 2, "validation_fraction": 0.25})
    experiment = build_experiment(as_plain(config, []))
    assert "data" not in experiment.config
    np.testing.assert_array_equal(experiment.data.validation[1], label[-2:])
    assert experiment.rule.net.input_shape == (4, 4, 1)

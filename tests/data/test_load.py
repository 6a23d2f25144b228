"""Data sets by name: splits, whitening, and what is said of missing or damaged ones."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pepita_jax import UserError, load_dataset
from pepita_jax.data import cache
from pepita_jax.data.whitening import REGULARIZATION, zca_whiten
from tests.data import builders


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


def test_the_second_load_comes_from_the_cache(tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    first = load_dataset("mnist")
    monkeypatch.setattr("pepita_jax.data.load.read_prepared", None)  # would fail if called
    monkeypatch.delitem(sys.modules, "tensorflow_datasets")
    second = load_dataset("mnist")
    assert "tensorflow_datasets" not in sys.modules
    assert second.train[0].dtype == np.uint8
    assert second.train[1].dtype == np.int32
    for one, other in zip(first[:2], second[:2], strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-40], lambda b: b[:5000] + b"\0" * 9
                                    + b[5009:]], ids=["empty", "truncated", "flipped"])  # fmt: skip
def test_an_unreadable_cache_is_rebuilt(damage, tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    first = load_dataset("mnist")
    (cached,) = cache.cache_folder().iterdir()
    good = cached.read_bytes()
    cached.write_bytes(damage(good))
    second = load_dataset("mnist")
    np.testing.assert_array_equal(first.train[0], second.train[0])
    assert cached.read_bytes() == good


def test_a_changed_data_set_renews_the_cache(tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    load_dataset("mnist")
    record = next(folder.glob("mnist-train.array_record*"))
    record.write_bytes(record.read_bytes()[:-100])
    with pytest.raises(UserError, match="cannot be read"):
        load_dataset("mnist")


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, caplog):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert len(load_dataset("mnist").train[0]) == 25
    assert "not cached" in caplog.text


def test_a_missing_set_names_the_command_that_prepares_it(tmp_path):
    command = "python -m experiments.prepare_data cifar10"
    with pytest.raises(UserError, match=f"'cifar10' is not in .*; prepare it with: {command}$"):
        load_dataset("cifar10")
    with pytest.raises(UserError, match=f"{command} --data_dir={tmp_path}$"):
        load_dataset("cifar10", data_dir=tmp_path)


def empty_folder(folder):
    for path in folder.iterdir():
        path.unlink()


def lose_a_file(folder):
    next(folder.glob("*-test.array_record*")).unlink()


def truncate(folder):
    path = next(folder.glob("*-train.array_record*"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty_a_file(folder):
    next(folder.glob("*-train.array_record*")).write_bytes(b"")


def flip_a_bit(folder):
    path = next(folder.glob("*-train.array_record*"))
    content = bytearray(path.read_bytes())
    used = np.flatnonzero(np.frombuffer(content, np.uint8))  # the rest is padding
    content[used[len(used) // 2]] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty_folder, lose_a_file, truncate, empty_a_file, flip_a_bit])
def test_a_damaged_set_is_named(damage, tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    damage(folder)
    with pytest.raises(
        UserError, match=r"prepare it with: python -m experiments\.prepare_data mnist"
    ):
        load_dataset("mnist")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "imagenet"}, "unknown dataset 'imagenet'; valid: cifar10, cifar100, digits"),
        ({"name": "digits", "validation_fraction": 1.0}, r"must be in \[0, 1\)"),
        ({"name": "digits", "validation_fraction": -0.1}, r"must be in \[0, 1\)"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UserError, match=message):
        load_dataset(**options)


def test_whitened_images_have_the_covariance_that_regularisation_leaves():
    """Components of variance s keep s / (s + regularisation); their axes stay."""
    rng = np.random.default_rng(0)
    image = (rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12))).reshape(500, 2, 3, 2)
    image = image.astype(np.float32)
    (white,) = zca_whiten(image)
    before, after = (np.cov(x.reshape(500, -1).T, bias=True) for x in (image, white))
    variances, components = np.linalg.eigh(before)
    expected = (components * (variances / (variances + REGULARIZATION))) @ components.T
    np.testing.assert_allclose(after, expected, atol=2e-3)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-4)


def test_other_splits_are_whitened_with_the_training_set_s_statistics():
    image = np.random.default_rng(0).integers(0, 256, (30, 2, 2, 1), np.uint8)
    train, other = zca_whiten(image, image[:4])
    np.testing.assert_allclose(other, train[:4], atol=1e-5)
    dataset = load_dataset("digits", whiten=True)
    assert abs(dataset.train[0].mean()) < 1e-4
    assert dataset.test[0].dtype == np.float32

"""Images as networks may want them: whitened, standardised, rescaled."""

import numpy as np
import pytest

from pepita_jax import UserError, load_dataset
from pepita_jax.data.preprocess import (
    PREPROCESSES,
    REGULARIZATION,
    rescale,
    standardize,
    zca_whiten,
)


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
    dataset = load_dataset("digits", preprocess="whiten")
    assert abs(dataset.train[0].mean()) < 1e-4
    assert dataset.test[0].dtype == np.float32


def test_channels_are_standardized_by_the_first_split():
    rng = np.random.default_rng(0)
    image = rng.integers((0, 100), (100, 200), (50, 4, 4, 2), np.uint8)
    train, other = standardize(image, image[:3])
    np.testing.assert_allclose(train.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(train.std((0, 1, 2)), 1, atol=1e-5)
    np.testing.assert_array_equal(other, train[:3])
    assert train.dtype == np.float32


def test_all_pixels_are_rescaled_alike():
    image = np.array([[-3, 1], [0, 5]], np.float32).reshape(2, 1, 2, 1)
    train, other = rescale(image, 2 * image)
    np.testing.assert_allclose(train.ravel(), [0, 0.5, 0.375, 1])
    np.testing.assert_allclose(other.ravel(), [-0.375, 0.625, 0.375, 1.625])


def test_bytes_darker_than_the_training_images_become_negative():
    """Their differences are no bytes."""
    train, other = rescale(
        np.array([10, 30], np.uint8).reshape(1, 1, 2, 1), np.zeros((1, 1, 1, 1), "u1")
    )
    np.testing.assert_allclose(train.ravel(), [0, 1])
    np.testing.assert_allclose(other.ravel(), -0.5)


def test_a_channel_that_is_the_same_everywhere_stays_finite():
    (image,) = standardize(np.full((3, 2, 2, 1), 7, np.uint8))
    assert not image.any()
    with pytest.raises(UserError, match="pixels are all 7 cannot be rescaled"):
        rescale(np.full((3, 2, 2, 1), 7, np.uint8))


@pytest.mark.parametrize("preprocess", PREPROCESSES)
def test_the_statistics_are_of_the_images_that_are_trained_on(preprocess):
    """Those of the validation split, the last third of the training set, are not among them."""
    whole, loaded = (
        load_dataset("digits", validation_fraction=1 / 3, preprocess=p)
        for p in ("none", preprocess)
    )
    wanted = PREPROCESSES[preprocess](*(split[0] for split in whole))
    for split, image in zip(loaded, wanted, strict=True):
        np.testing.assert_array_equal(split[0], image)


def test_whitening_and_rescaling_follow_one_another():
    image = np.random.default_rng(0).random((20, 2, 2, 1), np.float32)
    wanted = rescale(*zca_whiten(image, image[:3]))
    for one, other in zip(PREPROCESSES["whiten_rescale"](image, image[:3]), wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"whiten": True}, "whiten=True is preprocess='whiten' now"),
        ({"whiten": False}, "whiten=False is preprocess='none' now"),
        ({"preprocess": "zca"}, "unknown preprocess 'zca'; valid: none, rescale, standardize"),
        ({"preprocess": True}, "unknown preprocess True"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UserError, match=message):
        load_dataset("digits", **options)

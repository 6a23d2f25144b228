"""ZCA whitening."""

import numpy as np

from pepita_jax import load_dataset
from pepita_jax.data.preprocess import REGULARIZATION, rescale, standardize, zca_whiten


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

"""Preprocessing of images, by the statistics of the training images alone."""

import numpy as np

from pepita_jax.errors import require

# Added to the variances of the principal components, so that pixels that are always black
# stay finite: the value in the tutorial that the paper took its whitening from.
REGULARIZATION = 0.1


def zca_whiten(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Decorrelates pixels and gives them equal variance: ZCA whitening (paper, App. E and G).

    With images x as rows, mean m and covariance U S U^T: `(x - m) U (S + 0.1)^(-1/2) U^T`.

    Args:
        train: `[N, H, W, C]`, uint8 or float in [0, 1].
        *others: more images, whitened with the training images' statistics.

    Returns:
        A list of float32 arrays: the training images, then the others.
    """
    mean = _flatten(train).mean(0, keepdims=True)
    centred = _flatten(train) - mean
    variances, components = np.linalg.eigh(centred.T @ centred / len(centred))
    scales = 1 / np.sqrt(np.maximum(variances, 0) + REGULARIZATION)
    whitener = (components * scales) @ components.T
    return [((_flatten(x) - mean) @ whitener).reshape(x.shape) for x in (train, *others)]


def standardize(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Gives each channel mean 0 and standard deviation 1; see `zca_whiten` for the arguments.

    A channel that is the same everywhere becomes 0.
    """
    pixels = train.reshape(-1, train.shape[-1])
    mean, std = (f(pixels, 0, dtype=np.float64).astype(np.float32) for f in (np.mean, np.std))
    std = np.where(std == 0, np.float32(1), std)
    return [(image - mean) / std for image in (train, *others)]


def rescale(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Scales all pixels alike, so that training images lie in [0, 1]; arguments as of `zca_whiten`.

    Raises:
        UserError: all pixels of the training images are equal.
    """
    low, high = np.float32(train.min()), np.float32(train.max())
    require(low < high, f"images whose pixels are all {low:g} cannot be rescaled")
    return [(image - low) / (high - low) for image in (train, *others)]


def whiten_rescale(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Whitens, then scales all pixels alike to [0, 1]; see `zca_whiten` for the arguments."""
    return rescale(*zca_whiten(train, *others))


# The values of the field `preprocess`.
PREPROCESSES = {
    "none": lambda *images: images,
    "standardize": standardize,
    "whiten": zca_whiten,
    "rescale": rescale,
    "whiten_rescale": whiten_rescale,
}


def _flatten(image):
    scale = 255 if image.dtype == np.uint8 else 1
    return image.reshape(len(image), -1).astype(np.float32) / np.float32(scale)

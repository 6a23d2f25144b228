"""ZCA whitening: decorrelated pixels of equal variance (paper, App. E and G)."""

import numpy as np

# Added to the variances of the principal components, so that pixels that are always black
# stay finite: the value in the tutorial that the paper took its whitening from.
REGULARIZATION = 0.1


def zca_whiten(train, *others):
    """Whitens images by the mean and covariance of the training images.

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


def _flatten(image):
    scale = 255 if image.dtype == np.uint8 else 1
    return image.reshape(len(image), -1).astype(np.float32) / np.float32(scale)

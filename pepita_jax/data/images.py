"""The unit of images, the same in every public function: floats in [0, 1], or bytes up to 255.

Standardized and whitened images are floats in units of their own.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pepita_jax.errors import require

# Floats above this, none of them negative, are refused as unscaled: images that are go up to 16 or
# 255. Floats a little above 1 may be resized images, or features.
UNSCALED = 10


def to_float(image: Any, what: str = "images") -> Any:
    """An array of images, NumPy's or JAX's, as floats; uint8 is scaled to [0, 1].

    Args:
        image: the array.
        what: what a message calls it.

    Raises:
        UserError: the array is of another type.
    """
    if image.dtype == np.uint8:
        # A compiler divides by 255 like this. The bits are those of training, unless a rule adds to
        # the image, as `pepita` does: a compiled multiply-add rounds once, and not twice.
        return image.astype(np.float32) * np.float32(1 / 255)
    is_float = jnp.issubdtype(image.dtype, jnp.floating)  # NumPy's does not know bfloat16
    require(is_float, f"{what} must be uint8 or floats, got {image.dtype}")
    return image


def usable_images(name: str, image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Checks NumPy images and returns them as uint8 or float32.

    Args:
        name: what a message calls them.
        image: `[N, H, W, C]`.
        shape: the `(H, W, C)` that is wanted.

    Raises:
        UserError: the images are of another shape or type, not finite, or not scaled.
    """
    found = image.shape[1:]
    require(found == shape, f"{name} images have shape {found}, the network takes {shape}")
    if image.dtype == np.uint8 or not len(image):
        return image
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        image = to_float(image, f"{name} images").astype(np.float32)
    finite = np.isfinite(image).all(axis=(1, 2, 3))
    require(finite.all(), f"{name} image {finite.argmin()} holds NaN or infinite values")
    low, high = image.min(), image.max()
    message = f"{name} images are floats from {low:g} to {high:g}: scale them to [0, 1]"
    require(low < 0 or high <= UNSCALED, f"{message}, or give them as uint8 in 0...255")
    return image

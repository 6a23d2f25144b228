"""The unit of images, the same at every door: floats, of which 1 is white, or bytes up to 255.

Standardised and whitened images are floats in units of their own.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pepita_jax.errors import require

UNSCALED = 10  # floats that reach beyond, and never below 0, have not been scaled


def to_float(image: Any) -> Any:
    """An array of images, NumPy's or JAX's, as floats: uint8 is scaled to [0, 1].

    Raises:
        UserError: it is of another type.
    """
    if image.dtype == np.uint8:
        # As a compiler divides by 255: the same bits here as in training.
        return image.astype(np.float32) * np.float32(1 / 255)
    is_float = jnp.issubdtype(image.dtype, jnp.floating)  # NumPy's does not know bfloat16
    require(is_float, f"images must be uint8 or floats, got {image.dtype}")
    return image


def usable_images(name: str, image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """NumPy images as uint8 or float32.

    Args:
        name: what they are called.
        image: `[N, H, W, C]`.
        shape: `(H, W, C)` as wanted.

    Raises:
        UserError: they cannot be meant: of another shape or type, not finite, or not scaled.
    """
    found = image.shape[1:]
    require(found == shape, f"{name} images have shape {found}, the network takes {shape}")
    if image.dtype == np.uint8 or not len(image):
        return image
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        image = to_float(image).astype(np.float32)
    finite = np.isfinite(image).all(axis=(1, 2, 3))
    require(finite.all(), f"{name} image {finite.argmin()} holds NaN or infinite values")
    low, high = image.min(), image.max()
    message = f"{name} images are floats from {low:g} to {high:g}: scale them to [0, 1]"
    require(low < 0 or high <= UNSCALED, f"{message}, or give them as uint8 in 0...255")
    return image

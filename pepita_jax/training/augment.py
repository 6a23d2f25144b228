"""Augmentation of training images on the device: padded crops and horizontal flips."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require, require_int, require_number


@dataclass(frozen=True)
class Augment:
    """Crops and flips a batch's images at random, each in its own way.

    `pj.train` refuses one that does not fit its images.

    >>> import jax, jax.numpy as jnp
    >>> import pepita_jax as pj
    >>> augment = pj.Augment(flip=True, crop=4)
    >>> augment(jnp.zeros((64, 32, 32, 3)), jax.random.key(0)).shape
    (64, 32, 32, 3)

    Attributes:
        flip: whether to mirror each image left to right with probability one half.
        crop: pixels to add on every side of an image before a part of the old size is cut out at a
            random place; 0: none.
        fill: value of the added pixels: one number, or one per channel. Black is 0, also in uint8
            images; in standardized images it is -mean / deviation.
    """

    flip: bool = False
    crop: int = 0
    fill: float | tuple[float, ...] = 0.0

    def __call__(self, image: Array, key: Array) -> Array:
        """Augments the images of a batch.

        Args:
            image: `[B, H, W, C]` float.
            key: a random key; the images' flips and places depend on it and on B.
        """
        flipped, corners = self.draw(key, len(image))
        if self.crop:
            image = jax.vmap(self._crop_one)(image, corners)
        if self.flip:
            image = jnp.where(flipped[:, None, None, None], image[:, :, ::-1], image)
        return image

    def draw(self, key: Array, num_images: int) -> tuple[Array, Array]:
        """Draws which images are flipped `[B]`, and corners of the parts cut out `[B, 2]`.

        A corner is a row and a column of the padded image.
        """
        keys = jax.random.split(key)
        flipped = jax.random.bernoulli(keys[0], 0.5, (num_images,))
        return flipped, jax.random.randint(keys[1], (num_images, 2), 0, 2 * self.crop + 1)

    def check(self, image_shape: tuple[int, ...]) -> None:
        """Raises a `UserError` if images `(H, W, C)` cannot be augmented like this."""
        height, width, channels = image_shape
        require(isinstance(self.flip, bool), f"augment.flip must be true or false: {self.flip!r}")
        require_int("augment.crop", self.crop, 0)
        message = f"augment.crop must be less than the side of the {height}x{width} images"
        require(self.crop < min(height, width), f"{message}, got {self.crop}")
        fill = self.fill if isinstance(self.fill, tuple) else (self.fill,)
        for number in fill:
            require_number("augment.fill", number)
        message = f"augment.fill must be one number or {channels}, one per channel, got {fill}"
        require(len(fill) in (1, channels), message)

    def _crop_one(self, image, corner):
        height, width, channels = image.shape
        padded = (height + 2 * self.crop, width + 2 * self.crop, channels)
        background = jnp.broadcast_to(jnp.asarray(self.fill, image.dtype), padded)
        inner = (slice(self.crop, -self.crop), slice(self.crop, -self.crop))
        return jax.lax.dynamic_slice(background.at[inner].set(image), (*corner, 0), image.shape)

"""Convolution and pooling in the form that suits the device, chosen when a program is lowered.

Accelerators have operations of their own for both. On a CPU, XLA's convolutions take 7 to 12 times
as long, at the sizes of these networks, as a product with every patch of the input, as long as the
patches stay in cache (`layouts.default_images_at_once`).
"""

from functools import partial, reduce

import jax
import jax.numpy as jnp

# How the activities of a window are combined: two of them, all of them, and those of none.
COMBINE = {"max": (jnp.maximum, jax.lax.max, -jnp.inf), "sum": (jnp.add, jax.lax.add, 0.0)}


def convolve(x, W, padding):
    """Each filter at each position: `[B, H, W, C]`, `[k, k, C, n]` -> `[B, H', W', n]`.

    Args:
        x, W: input and filters.
        padding: zeros added on each side, in pixels.
    """
    forms = {"cpu": convolve_by_patches, "default": convolve_natively}
    forms = {device: partial(form, padding=padding) for device, form in forms.items()}
    return jax.lax.platform_dependent(x, W, **forms)


def convolve_natively(x, W, padding):
    sides, layout = [(padding, padding)] * 2, ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, W, (1, 1), sides, dimension_numbers=layout)


def convolve_by_patches(x, W, padding):
    sides, offsets = (padding, padding), range(W.shape[0])
    x = jnp.pad(x, ((0, 0), sides, sides, (0, 0)))
    height, width = (n - W.shape[0] + 1 for n in x.shape[1:3])
    shifted = [x[:, i : i + height, j : j + width] for i in offsets for j in offsets]
    return jnp.concatenate(shifted, axis=-1) @ W.reshape(-1, W.shape[-1])


def pool(h, size, combine):
    """Windows combined: `[B, H, W, n]` -> `[B, H // size, W // size, n]`; borders are cut off.

    Args:
        h: activities.
        size: side of the square windows, which do not overlap.
        combine: a key of `COMBINE`.
    """
    forms = {"cpu": pool_by_slices, "default": pool_natively}
    forms = {device: partial(form, size=size, combine=combine) for device, form in forms.items()}
    return jax.lax.platform_dependent(h, **forms)


def pool_natively(h, size, combine):
    _, of_all, of_none = COMBINE[combine]
    window = (1, size, size, 1)
    return jax.lax.reduce_window(h, of_none, of_all, window, window, "VALID")


def pool_by_slices(h, size, combine):
    of_two, _, _ = COMBINE[combine]
    height, width = (n // size * size for n in h.shape[1:3])
    h, offsets = h[:, :height, :width], range(size)
    return reduce(of_two, [h[:, i::size, j::size] for i in offsets for j in offsets])

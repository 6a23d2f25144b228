"""Convolution and pooling in the form that suits the device, chosen when a program is lowered.

A TPU has operations of its own for both. Elsewhere a convolution is a product with every patch of
its input. On a CPU this is faster than XLA's own operations, as long as the patches stay in cache
(`tuning.default_images_at_once`), and so it was on one GPU in five cases of six.

Windows are taken at once, in k*k copies of the image; or, on a CPU, along the width and then along
the height, in 2k copies, of which the second k are in longer pieces. A GPU would have to move more
bytes. docs/explanation/tuning.md and accelerators.md have the figures.
"""

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array

HEIGHT, WIDTH = 1, 2
# How to combine a window's activities: two of them, all of them; and the value of no activity.
COMBINE = {"max": (jnp.maximum, jax.lax.max, -jnp.inf), "sum": (jnp.add, jax.lax.add, 0.0)}


def choose(forms: dict[str, Callable], *arrays: Array, **options: Any) -> Array:
    """Runs the function of the device that a program is lowered for, or that of `default`."""
    forms = {device: partial(form, **options) for device, form in forms.items()}
    return jax.lax.platform_dependent(*arrays, **forms)


def convolve(x: Array, W: Array, stride: int, padding: int) -> Array:
    """Each filter at each position: `[B, H, W, C]`, `[k, k, C, n]` -> `[B, H', W', n]`.

    Args:
        x, W: input and filters.
        stride: distance between neighbouring positions, in pixels.
        padding: zeros added on each side, in pixels.
    """
    forms = {"tpu": convolve_natively, "default": convolve_by_patches}
    return choose(forms, x, W, stride=stride, padding=padding)


def convolve_natively(x: Array, W: Array, stride: int, padding: int) -> Array:
    sides, layout = [(padding, padding)] * 2, ("NHWC", "HWIO", "NHWC")
    x = x.astype(W.dtype)  # as a product would
    return jax.lax.conv_general_dilated(x, W, (stride, stride), sides, dimension_numbers=layout)


def convolve_by_patches(x: Array, W: Array, stride: int, padding: int) -> Array:
    return patches(x, len(W), stride, padding) @ W.reshape(-1, W.shape[-1])


def patches(x: Array, k: int, stride: int, padding: int) -> Array:
    """What the filters see at each position: `[B, H, W, C]` -> `[B, H', W', k*k*C]`."""
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    forms = {"cpu": combine_by_axis, "default": combine_at_once}
    return choose(forms, x, size=k, stride=stride, combine=partial(jnp.concatenate, axis=-1))


def combine_at_once(x: Array, size: int, stride: int, combine: Callable) -> Array:
    """What `combine` makes of all pixels of every window: of arrays `[B, H', W', C]`, in rows."""
    height, width = (n - size + 1 for n in x.shape[1:3])
    starts = [(i, j) for i in range(size) for j in range(size)]
    return combine([x[:, i : i + height : stride, j : j + width : stride] for i, j in starts])


def combine_by_axis(x: Array, size: int, stride: int, combine: Callable) -> Array:
    """The same where the whole is combined of its combined rows, as sums and maxima are."""
    for axis in WIDTH, HEIGHT:
        reach = x.shape[axis] - size + 1
        x = combine([jax.lax.slice_in_dim(x, i, i + reach, stride, axis) for i in range(size)])
    return x


def hebbian(x: Array, d: Array, weight_shape: tuple[int, ...], stride: int, padding: int) -> Array:
    """Patches times signals, summed over samples and positions: `[k, k, C, n]`.

    Args:
        x: input, `[B, H, W, C]`.
        d: signals, `[B, H', W', n]`.
        weight_shape: `(k, k, C, n)`.
        stride, padding: as in `convolve`.
    """
    options = {"weight_shape": weight_shape, "stride": stride, "padding": padding}
    return choose({"tpu": hebbian_natively, "default": hebbian_by_patches}, x, d, **options)


def hebbian_natively(
    x: Array, d: Array, weight_shape: tuple[int, ...], stride: int, padding: int
) -> Array:
    W = jax.ShapeDtypeStruct(weight_shape, d.dtype)
    (dW,) = jax.linear_transpose(lambda W: convolve_natively(x, W, stride, padding), W)(d)
    return dW


def hebbian_by_patches(
    x: Array, d: Array, weight_shape: tuple[int, ...], stride: int, padding: int
) -> Array:
    # Written out, since the transpose of a product would transpose the signals.
    seen = patches(x, weight_shape[0], stride, padding)
    dW = seen.reshape(-1, seen.shape[-1]).T @ d.reshape(-1, d.shape[-1])
    return dW.reshape(weight_shape)


def pool(h: Array, size: int, stride: int, combine: Literal["max", "sum"]) -> Array:
    """Combines windows: `[B, H, W, n]` -> `[B, H', W', n]`; what fills no window is cut off.

    Args:
        h: activities.
        size: side of the square windows, in pixels.
        stride: distance between neighbouring windows, in pixels.
        combine: a key of `COMBINE`.
    """
    of_two, of_all, of_none = COMBINE[combine]
    combine_all = partial(reduce, of_two)
    forms = {
        "tpu": partial(pool_natively, of_all=of_all, of_none=of_none),
        "cpu": partial(combine_by_axis, combine=combine_all),
        "default": partial(combine_at_once, combine=combine_all),
    }
    return choose(forms, h, size=size, stride=stride)


def pool_natively(h: Array, size: int, stride: int, of_all: Callable, of_none: float) -> Array:
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    return jax.lax.reduce_window(h, of_none, of_all, window, strides, "VALID")

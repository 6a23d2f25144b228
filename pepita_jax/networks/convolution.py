"""Convolution and pooling in the form that suits the device, chosen when a program is lowered.

A TPU has operations of its own for both. Elsewhere a convolution is a product with every patch of
its input. On a CPU this is 7 to 12 times as fast as XLA's convolution, at the sizes of these
networks and as long as the patches stay in cache (`tuning.default_images_at_once`). On a GPU a step
of ten seeds was 1.1 to 2.4 times as fast in five cases of six (docs/explanation/accelerators.md).
"""

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array

# How to combine a window's activities: two of them, all of them; and the value of no activity.
COMBINE = {"max": (jnp.maximum, jax.lax.max, -jnp.inf), "sum": (jnp.add, jax.lax.add, 0.0)}


def choose(on_tpu: Callable, elsewhere: Callable, *arrays: Array, **options: Any) -> Array:
    """Runs one of two functions of the same arrays, by the device that a program is lowered for."""
    on_tpu, elsewhere = (partial(form, **options) for form in (on_tpu, elsewhere))
    return jax.lax.platform_dependent(*arrays, tpu=on_tpu, default=elsewhere)


def convolve(x: Array, W: Array, stride: int, padding: int) -> Array:
    """Each filter at each position: `[B, H, W, C]`, `[k, k, C, n]` -> `[B, H', W', n]`.

    Args:
        x, W: input and filters.
        stride: distance between neighbouring positions, in pixels.
        padding: zeros added on each side, in pixels.
    """
    return choose(convolve_natively, convolve_by_patches, x, W, stride=stride, padding=padding)


def convolve_natively(x: Array, W: Array, stride: int, padding: int) -> Array:
    sides, layout = [(padding, padding)] * 2, ("NHWC", "HWIO", "NHWC")
    x = x.astype(W.dtype)  # as a product would
    return jax.lax.conv_general_dilated(x, W, (stride, stride), sides, dimension_numbers=layout)


def convolve_by_patches(x: Array, W: Array, stride: int, padding: int) -> Array:
    return patches(x, len(W), stride, padding) @ W.reshape(-1, W.shape[-1])


def patches(x: Array, k: int, stride: int, padding: int) -> Array:
    """What the filters see at each position: `[B, H, W, C]` -> `[B, H', W', k*k*C]`."""
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    return jnp.concatenate(windows(x, k, stride), axis=-1)


def windows(x: Array, k: int, stride: int) -> list[Array]:
    """The k*k pixels of every window, in rows: `[B, H, W, C]` -> arrays `[B, H', W', C]`."""
    height, width = (n - k + 1 for n in x.shape[1:3])
    return [
        x[:, i : i + height : stride, j : j + width : stride] for i in range(k) for j in range(k)
    ]


def hebbian(x: Array, d: Array, weight_shape: tuple[int, ...], stride: int, padding: int) -> Array:
    """Patches times signals, summed over samples and positions: `[k, k, C, n]`.

    Args:
        x: input, `[B, H, W, C]`.
        d: signals, `[B, H', W', n]`.
        weight_shape: `(k, k, C, n)`.
        stride, padding: as in `convolve`.
    """
    options = {"weight_shape": weight_shape, "stride": stride, "padding": padding}
    return choose(hebbian_natively, hebbian_by_patches, x, d, **options)


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
    return choose(pool_natively, pool_by_slices, h, size=size, stride=stride, combine=combine)


def pool_natively(h: Array, size: int, stride: int, combine: str) -> Array:
    _, of_all, of_none = COMBINE[combine]
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    return jax.lax.reduce_window(h, of_none, of_all, window, strides, "VALID")


def pool_by_slices(h: Array, size: int, stride: int, combine: str) -> Array:
    of_two, _, _ = COMBINE[combine]
    return reduce(of_two, windows(h, size, stride))

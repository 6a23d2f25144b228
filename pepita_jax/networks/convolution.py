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

# Windows are taken along one axis and then along the other: 2k copies, and not k*k. Width comes
# first, so that the copies along the height, of k times as many channels, are in long pieces.
HEIGHT, WIDTH = 1, 2
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
    for axis in WIDTH, HEIGHT:
        x = jnp.concatenate(pixels(x, k, stride, axis), axis=-1)
    return x


def pixels(x: Array, size: int, stride: int, axis: int) -> list[Array]:
    """First, second, ... pixel of every window of `size` pixels along one axis of `x`."""
    reach = x.shape[axis] - size + 1
    return [jax.lax.slice_in_dim(x, i, i + reach, stride, axis) for i in range(size)]


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
    for axis in WIDTH, HEIGHT:
        h = reduce(of_two, pixels(h, size, stride, axis))
    return h

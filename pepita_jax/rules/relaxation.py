"""Activities that settle under feedback from above, and the contrast of two settled phases."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import add_one
from pepita_jax.networks.network import Network
from pepita_jax.types import Activity, Masks, Weights


class Phase(NamedTuple):
    """Settled activities, or differences of two phases. Each field is a tuple over layers.

    Attributes:
        x: what the layer receives, as in `Activity`.
        u: the input of the layer's activation, feedback included; the scores in the output layer.
        h: the layer's activity.
        winners: what the layer's units get from below, by which max-pooling chooses.
    """

    x: tuple[Any, ...]
    u: tuple[Array, ...]
    h: tuple[Array, ...]
    winners: tuple[Array, ...]


def settle(
    net: Network,
    params: Weights,
    activity: Activity,
    h: tuple[Array, ...],
    output: Callable[[Array, Array], Array],
    steps: int,
    gain: float = 1.0,
) -> Phase:
    """Lets the activities settle. Each step is a sweep from the first layer to the last:

        h_l <- s(h_{l-1} W_l + gain h_{l+1} W_{l+1}^T)       hidden layers
        h_L <- output(h_{L-1} W_L, h_L)                      output layer

    Pooling is linear here. Max-pooling takes the unit of each window that gets most from below,
    so that feedback cannot change the choice, and hands its feedback to that unit. With gelu,
    which is not monotone, this can be another unit than in the forward pass.

    Args:
        net, params: the network and its weights.
        activity: the forward pass; it gives the image's input and the dropout masks.
        h: activities to begin with.
        output: see above.
        steps: number of sweeps, at least 1.
        gain: see above.
    """

    def sweep(h_before):
        x, u, h, a = [activity.x[0]], [], [], [activity.a[0]]
        for l in range(1, len(net.layers)):
            up = ascend(net, params, l, a[-1], activity.masks)
            _, back, _ = jax.vjp(up, h_before[l - 1], has_aux=True)
            u.append(a[-1] + gain * back(h_before[l])[0])
            h.append(net.activate(l - 1, u[-1], activity.masks))
            for found, new in zip((a, x), up(h[-1]), strict=True):
                found.append(new)
        h.append(output(a[-1], h_before[-1]))
        return Phase(tuple(x), (*u, a[-1]), tuple(h), tuple(a))

    # Only h passes from sweep to sweep, so the others are stored once.
    return sweep(jax.lax.fori_loop(0, steps - 1, lambda _, h: sweep(h).h, h))


def ascend(net: Network, params: Weights, l: int, winners: Array, masks: Masks) -> Callable:
    """`h -> (pre-activation, input)` of layer l (from 0), which is linear but for biases.

    Args:
        net, params: the network and its weights.
        l: index of the layer, at least 1.
        winners: see `Phase`, of the layer below.
        masks: of dropout.
    """

    layer, below = net.layers[l], net.layers[l - 1]
    pool = partial(below.downstream, mask=masks[l])

    def up(h):
        _, pooled = jax.jvp(pool, (winners,), (h,))
        x = layer.receive(pooled)
        x = add_one(x) if layer.bias else x
        return layer.forward(x, params[l]), x

    return up


def contrast(net: Network, phase: Phase, change: Phase) -> Weights:
    """How the products `<h_{l-1}, h_l>` change by `change`: batch means shaped like the weights.

    Only changes are multiplied: rounding would destroy the difference of two nearly equal products.
    The image does not change, so the first layer has one product.
    """
    image, *x = phase.x
    moved = jax.tree.map(jnp.add, tuple(x), change.x[1:])
    first, *of_h = net.hebbian((image, *moved), change.h)
    layers = zip(net.layers[1:], change.x[1:], phase.h[1:], strict=True)
    of_x = [layer.hebbian(x, h / len(h)) for layer, x, h in layers]
    return (first, *jax.tree.map(jnp.add, of_h, of_x))


def unsuited(net: Network) -> str | None:
    """Why the activities of a network cannot settle, see `Rule.unsuited`."""
    why = "needs a network without normalize: a unit's activity must be its own"
    return why if net.normalize else None

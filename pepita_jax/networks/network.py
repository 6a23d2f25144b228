"""Networks as pure functions of a tuple of weights."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require
from pepita_jax.networks.bias import Input, WithOne, add_one, require_shapes
from pepita_jax.networks.chain import Chain
from pepita_jax.networks.nonlinearities import ACTIVATIONS, OUTPUTS
from pepita_jax.types import Activity, Masks, Signals, Weights

SMALLEST_VARIANCE = 1e-8  # keeps a silent layer finite under `normalize`


class Network(Chain):
    """A chain of layers, with the passes through it of which learning rules are made.

    `pj.mlp`, `pj.chain` and the like build one; `Chain` explains its fields. Weights are a tuple
    with an entry per layer: dense `[n_in, n_out]`, convolution `[k, k, c_in, c_out]`.
    """

    def forward(
        self,
        params: Weights,
        x: Array,
        masks: Masks | None = None,
        noise: Sequence[Array] | None = None,
    ) -> Activity:
        """The forward pass of Eq. 1.

        Args:
            params: weights of one seed.
            x: images, see `receive`.
            masks: from `draw_dropout`; None: no dropout.
            noise: an array per hidden layer, added to its pre-activation, see `draw_noise`.
        """
        require_shapes(params, [layer.params_shape for layer in self.layers], "the network's")
        masks = masks or self.draw_dropout(None, len(x))
        x = self.input_of(0, x, masks)
        return self._finish(params, x, self.layers[0].forward(x, params[0]), masks, noise=noise)

    def forward_and_move(
        self, params: Weights, x: Array, directions: Array, masks: Masks | None = None
    ) -> tuple[Activity, Callable[[Array], Activity]]:
        """The forward pass on `x`, and a function for passes on `x` moved along directions.

        The first layer is linear up to its activation: W_1 (x + D c) = W_1 x + (W_1 D) c. If there
        are no more directions than images, W_1 D costs no more than the product with another batch.

        Args:
            x: images, see `receive`.
            directions: D, `[K, H, W, C]`.
            masks: from `draw_dropout`, for both passes.

        Returns:
            The `Activity` on `x`, and a function `c -> Activity` on `x + D c`, for c `[B, K]`.
        """
        require_shapes(params, [layer.params_shape for layer in self.layers], "the network's")
        masks = masks or self.draw_dropout(None, len(x))
        first, W, mask = self.layers[0], params[0], masks[0]
        few = len(directions) <= len(x) and mask is None  # dropped pixels differ between images
        x = self.input_of(0, x, masks)
        directions = self.input_of(0, directions, (None,), one=0)
        if few and first.num_positions == 1:  # one product, which reads W once
            both = jax.tree.map(lambda *parts: jnp.concatenate(parts), x, directions)
            a, a_D = jnp.split(first.forward(both, W), [len(jax.tree.leaves(x)[0])])
        else:
            a, a_D = first.forward(x, W), first.forward(directions, W)
        here = self._finish(params, x, a, masks)

        def move(c):
            Dc = jax.tree.map(lambda D: jnp.tensordot(c, D, 1), directions)
            Dc = self._drop(Dc, mask)
            a_Dc = jnp.tensordot(c, a_D, 1) if few else first.forward(Dc, W)
            moved = jax.tree.map(jnp.add, x, Dc)
            return self._finish(params, moved, a + a_Dc, masks, beside=here)

        return here, move

    def apply(self, params: Weights, image: Array) -> Array:
        """Scores `[B, num_classes]` before the output non-linearity, without dropout.

        Args:
            params: weights of one seed.
            image: see `receive`.
        """
        return self.forward(params, image).a[-1]

    def backward(self, activity: Activity, weights: Sequence[Array], e: Array) -> Signals:
        """Sends the output's signal down to every layer's pre-activation.

        For dense layers `d_l = (d_{l+1} @ weights_{l+1}^T) * s'(a_l)`, with `d_L = e`. The signal
        also follows convolutions, pooling, dropout and normalization backwards.

        Args:
            activity: `Activity` of the forward pass.
            weights: weights of layers 2 to L, or feedback of their shapes in their place; biases
                among them have no effect.
            e: signal at the output's pre-activation, `[B, num_classes]`.

        Returns:
            `d_1 ... d_L`, a tuple of arrays shaped like `activity.a`.
        """
        d = [e]
        for l in reversed(range(len(self.layers) - 1)):
            g = self.through_pooling(l, activity, self.layers[l + 1].backward(d[0], weights[l]))
            d.insert(0, self.through_activation(l, activity, g))
        return tuple(d)

    def hebbian(self, inputs: Sequence[Array], signals: Sequence[Array]) -> Weights:
        """The Hebbian products of all layers, batch means shaped like the parameters.

        Args:
            inputs: every layer's input, such as `Activity.x`.
            signals: signals at every layer's pre-activation, shaped like `Activity.a`.
        """
        layers = zip(self.layers, inputs, signals, strict=True)
        products = (layer.hebbian(x, d) for layer, x, d in layers)
        return jax.tree.map(lambda dW: dW / len(signals[0]), tuple(products))

    def through_pooling(self, l: int, activity: Activity, g: Array) -> Array:
        """The signal at the activity of hidden layer l (from 0), before pooling.

        Args:
            l: index of the layer.
            activity: `Activity` of the forward pass.
            g: signal at what the next layer receives, shaped like its input.
        """
        downstream = partial(self.layers[l].downstream, mask=activity.masks[l + 1])
        (g,) = jax.vjp(downstream, activity.h[l])[1](g)
        return g

    def through_activation(self, l: int, activity: Activity, g: Array) -> Array:
        """The signal `g * s'(a)` at the pre-activation of hidden layer l (from 0).

        Args:
            l: index of the layer.
            activity: `Activity` of the forward pass.
            g: signal at the activity, shaped like `activity.h[l]`.
        """
        activate = lambda a: self.activate(l, a, activity.masks)
        (d,) = jax.vjp(activate, activity.a[l])[1](g)
        return d

    def _finish(self, params, x, a, masks, beside=None, noise=None):
        """An `Activity` on x, given the first layer's pre-activation.

        Only what differs from the pass `beside` is multiplied: the products of two nearly equal
        passes would lose their difference in rounding.
        """
        noise = dict(enumerate(noise or ()))
        a = a + noise[0] if noise else a
        done = Activity((x,), (a,), (self.activate(0, a, masks),), masks)
        for l, layer in enumerate(self.layers[1:], 1):
            x = self.input_of(l, done.h[-1], masks)
            if beside:
                difference = jax.tree.map(jnp.subtract, x, beside.x[l])
                a = beside.a[l] + layer.forward(difference, params[l])
            else:
                a = layer.forward(x, params[l])
            a = a + noise[l] if l in noise else a
            h = self.activate(l, a, masks)
            done = Activity((*done.x, x), (*done.a, a), (*done.h, h), masks)
        return done

    def input_of(self, l: int, below: Array, masks: Masks, one: float = 1.0) -> Input:
        """What layer l (from 0) receives (`Activity.x`), from images or from the layer below's h.

        Its biases receive `one`, which is 0 if `below` is the difference of two passes.
        """
        if l == 0:
            x = self._drop(self.receive(below), masks[0])
        else:
            x = self.layers[l].receive(self.layers[l - 1].downstream(below, masks[l]))
        return add_one(x, one) if self.layers[l].bias else x

    def _drop(self, x, mask):
        """The first layer's input, or a change of it, with dropped pixels set to 0."""
        if mask is None:
            return x
        mask = self.layers[0].receive(mask)
        return x._replace(x=x.x * mask) if isinstance(x, WithOne) else x * mask

    def activate(self, l: int, a: Array, masks: Masks) -> Array:
        """The activity h of layer l (from 0) at the pre-activation a."""
        if l == len(self.layers) - 1:
            return OUTPUTS[self.output].activate(a)
        layer = self.layers[l]
        h = ACTIVATIONS[layer.activation or self.activation](a)
        if self.normalize:
            variance = h.var(axis=tuple(range(1, h.ndim)), keepdims=True)
            h = h / jnp.sqrt(variance + SMALLEST_VARIANCE)
        mask = None if layer.pools else masks[l + 1]
        return h if mask is None else h * mask


def require_network(net: Any) -> None:
    """Raises a `UserError` unless `net` is a `Network`."""
    is_network = isinstance(net, Network)
    require(is_network, f"net must be a network, as from pj.build_network, got {net!r}")

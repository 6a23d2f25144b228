"""Global error-vector broadcasting (Clark, Abbott & Chung, "Credit Assignment Through Broadcasting
a Global Error Vector", NeurIPS 2021)."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import Affine, require_shapes
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.network import Network
from pepita_jax.networks.pooling import MaxPool
from pepita_jax.rules.base import Rule
from pepita_jax.types import Batch, Feedback, Masks, Updates, Weights


@dataclass(frozen=True)
class GEVB(Rule):
    """Every unit is a vector of K numbers, one per class, and all units receive the same error.

    Rows are samples b; k is a class. `net` gives the sizes alone. The rule trains a vectorized
    non-negative network: its weights act on all components alike, and W_l >= 0 for l > 1.

        a_1[b,k] = x[b] W_1[k],  a_l[b,k] = h_{l-1}[b,k] W_l    [B, K, n_l], n_L = 1
        G_l[b]   = 1 if sum_k T_l[k] a_l[b,k] >= 0, else 0      gate, [B, n_l]
        h_l[b,k] = G_l[b] a_l[b,k]                              scores = a_L, [B, K]

        e        = softmax(a_L) - t                             error, [B, K]
        dW_1[k]  = e[b,k] x[b]^T G_1[b]
        dW_l     = (sum_k e[b,k] h_{l-1}[b,k])^T G_l[b]         G_L = 1

    All dW are means over the batch. After each step negative weights, except in W_1, are set to 0.
    One sample's update of a dense layer has the signs of the gradient, since no path to the output
    has negative weights. A filter's need not: the output depends more on some of its positions.
    Biases, one per component, are [K, n_l] and may be negative: db_l[k] = e[b,k] G_l[b]. Weights
    begin as ON/OFF pairs, whatever `init` is: units 2i and 2i + 1 have opposite a and T.

    Convolutions (with average pooling): T_l is the same at all positions, over which dW_l sums.
    Dropout silences all components of a unit.

    Feedback: none; F holds the gates' T_1 ... T_{L-1}, [K, n_l], fixed and random, of 1 and -1.

    Options:
        errors: `broadcast` is the equations above, `backward` the gradient in the same network, to
            compare with.
    """

    errors: Literal["broadcast", "backward"] = "broadcast"

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        if any(isinstance(pool, MaxPool) for layer in net.layers for pool in layer.pools):
            return "needs average pooling: a vector has no maximum"
        activations = {layer.activation or net.activation for layer in net.layers[:-1]}
        if activations - {"relu"}:
            return "needs ReLU units, which its gates replace"
        return "needs normalize=False" if net.normalize else None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network's layers, with one output unit."""
        *hidden, output = self.net.layers
        return (*hidden, replace(output, units=1))

    def init_params(self, key: Array) -> Weights:
        keys, K = jax.random.split(key, len(self.layers)), self.net.num_classes

        def draw(l, layer):
            W = draw_pairs(keys[l], K, layer) if l == 0 else draw_on_off(keys[l], layer)
            return Affine(W, jnp.zeros((K, layer.units))) if layer.bias else W

        return tuple(draw(l, layer) for l, layer in enumerate(self.layers))

    def init_feedback(self, key: Array) -> Feedback:
        def draw(l, n):
            T = jax.random.rademacher(
                jax.random.fold_in(key, l), (self.net.num_classes, -(-n // 2)), float
            )
            return alternate(T, -T)[:, :n]

        return tuple(draw(l, layer.units) for l, layer in enumerate(self.layers[:-1]))

    def project(self, params: Weights) -> Weights:
        first, *above = params
        positive = lambda W: jnp.maximum(W, 0)
        clamp = lambda W: W._replace(W=positive(W.W)) if isinstance(W, Affine) else positive(W)
        return (first, *map(clamp, above))

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        return self.forward(params, F, image, self.net.draw_dropout(None, len(image)))[0]

    def forward(
        self, params: Weights, F: Feedback, image: Array, masks: Masks
    ) -> tuple[Array, list[Any], list[Array]]:
        """Scores `[B, K]`, the layers' inputs `[B, ...]`, then `[K, B, ...]`, and their gates."""
        net, inputs, gates = self.net, [], []
        drawn = jax.eval_shape(self.init_params, jax.random.key(0))
        shapes = [jax.tree.map(lambda W: W.shape, W) for W in drawn]
        require_shapes(params, shapes, "those that rule.init draws")
        x = net.input_of(0, image, masks)
        for l, layer in enumerate(self.layers):
            own: Any = 0  # only W_1 differs between components, but all biases do
            of_W: Any = None if l else own
            of_params = Affine(of_W, own) if layer.bias else of_W
            a = jax.vmap(layer.forward, (own if l else None, of_params))(x, params[l])
            inputs.append(x)
            if l == len(F):
                break
            G = (jnp.einsum("kn,k...n->...n", F[l], a) >= 0).astype(a.dtype)
            mask = None if layer.pools else masks[l + 1]
            gates.append(G if mask is None else G * mask)
            x = jax.vmap(lambda a, l=l, G=gates[l]: net.input_of(l + 1, G * a, masks))(a)
        return a[..., 0].T, inputs, [*gates, jnp.ones_like(a[0])]

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        loss = lambda params: net.losses(self.forward(params, F, batch.image, masks)[0], t).mean()

        scores, x, G = self.forward(params, F, batch.image, masks)
        e = net.activate(len(F), scores, masks) - t
        if self.errors == "backward":
            dW = jax.grad(loss)(params)
        else:
            dW = tuple(self.update(l, x[l], G[l], e) for l in range(len(G)))
        return dW, net.measure(scores, batch.label)

    def update(self, l: int, x: Any, G: Array, e: Array) -> Any:
        """The batch mean of layer l's update (from 0)."""
        layer, x, e = self.layers[l], jax.tree.leaves(x)[0], e / len(e)
        if l == 0:
            times = lambda e_k: layer.correlate(x, jnp.einsum("b,b...->b...", e_k, G))
            dW = jax.vmap(times, in_axes=1)(e)
        else:
            dW = layer.correlate(jnp.einsum("bk,kb...->b...", e, x), G)
        positions = tuple(range(1, G.ndim - 1))
        return Affine(dW, e.T @ G.sum(positions)) if layer.bias else dW


def alternate(one: Array, other: Array, axis: int = -1) -> Array:
    """Two arrays in turn: `[..., n]` each -> `[..., 2 n]`."""
    axis = axis % one.ndim
    shape = (*one.shape[:axis], 2 * one.shape[axis], *one.shape[axis + 1 :])
    return jnp.stack([one, other], axis + 1).reshape(shape)


def draw_pairs(key: Array, K: int, layer: Layer) -> Array:
    """The first layer's weights, N(0, 1 / fan_in), `[K, *weight_shape]`; units are pairs w, -w."""
    *fan_in, n = layer.weight_shape
    w = jax.random.normal(key, (K, *fan_in, -(-n // 2))) / math.sqrt(math.prod(fan_in))
    return alternate(w, -w)[..., :n]


def draw_on_off(key: Array, layer: Layer) -> Array:
    """Weights w of half as many inputs and units, N(0, 4 / fan_in), as [[w+, w-], [w-, w+]]."""
    *window, m, n = layer.weight_shape
    w = jax.random.normal(key, (*window, -(-m // 2), -(-n // 2)))
    w = w * 2 / math.sqrt(math.prod(window) * m)
    on, off = jnp.maximum(w, 0), jnp.maximum(-w, 0)
    return alternate(alternate(on, off), alternate(off, on), axis=-2)[..., :m, :n]

"""Forward-forward (Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, 2022)."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.bias import Affine, add_one, require_shapes
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.layers import Dense
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.types import Activity, Batch, Feedback, Masks, Updates, Weights

KEPT = 0.9  # share of a running mean that each step keeps
SMALLEST = 1e-8


@dataclass(frozen=True)
class ForwardForward(Rule):
    """Each layer learns to tell images with the right label in them from ones with a wrong label.

    Rows are samples. The first K numbers of an image x are overwritten: in x+ by its label,
    one-hot, in x- by a wrong label, and in x0 by 1/K each.

        N(h)   = h / rms(h)                            over a layer's units, or an image's pixels
        h_l    = s(N(h_{l-1}) W_l),  h_0 = x+ or x-    two passes, hidden layers
        g_l    = sum_i h_{l,i}^2                       goodness, threshold c n_l
        E_l    = softplus(c n_l - g_l+) / 2 + softplus(g_l- - c n_l) / 2
        dW_l   = N(h_{l-1}+)^T (-sigmoid(c n_l - g_l+) h_l+ * s'(a_l+))
               + N(h_{l-1}-)^T (sigmoid(g_l- - c n_l) h_l- * s'(a_l-))

        z      = N(h_l) of x0, of all hidden layers but the first side by side (or of the only one)
        dW_L   = rate z^T (softmax(z W_L) - t)         read-out, W_L = 0 at first

    All dW are means over the batch. dW_l is the gradient of E_l alone. Peer normalization adds p
    mean_i (m_i - mean(m))^2 to E_l, where m are running means of h_l+. Its gradient passes s as if
    s' were 1, as in Löwe's program (github.com/loeweX/Forward-Forward), the source of the defaults.

    Feedback: none; F holds the running means m_1 ... m_{L-1}, [n_l], 0.5 at first.

    Options:
        readout: `softmax` classifies by z W_L; `goodness` by the goodness of z's layers, in a pass
            for each label. W_L learns either way.
        negatives: `uniform` draws wrong labels with equal probability, `softmax` with those that
            the softmax read-out gives them.
        threshold: c.
        peer_normalization: p.
        readout_rate: rate, the ratio of W_L's learning rate to that of the other layers.
    """

    sets_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True
    splits_batches: ClassVar[bool] = False  # the gradient of m is not linear in the images

    readout: Literal["softmax", "goodness"] = "softmax"
    negatives: Literal["uniform", "softmax"] = "uniform"
    threshold: float = 1.0
    peer_normalization: float = 0.03
    readout_rate: float = 10.0

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.threshold", self.threshold, above=0)
        require_number("rule.peer_normalization", self.peer_normalization, at_least=0)
        require_number("rule.readout_rate", self.readout_rate, at_least=0)

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        if not all(isinstance(layer, Dense) for layer in net.layers):
            return "needs dense layers: few positions of a filter would see the label"
        if len(net.layers) == 1:
            return "needs a hidden layer"
        if net.normalize:
            return "has a normalization of its own: it needs normalize=False"
        if net.num_classes == 1:
            return "needs two classes: there must be a wrong one"
        pixels, K = net.layers[0].weight_shape[0], net.num_classes
        return None if pixels >= K else f"needs images of {K} numbers or more, for the label"

    @property
    def read(self) -> slice:
        """The hidden layers that are read out, from 0."""
        return slice(1 if len(self.net.layers) > 2 else 0, None)

    @property
    def output_layer(self) -> Layer:
        units = sum(layer.units for layer in self.net.layers[:-1][self.read])
        return replace(self.net.layers[-1], input_shape=(units,))

    def init_params(self, key: Array) -> Weights:
        *hidden, _ = self.net.init(key)
        layer = self.output_layer
        W = jnp.zeros(layer.weight_shape)
        return (*hidden, Affine(W, jnp.zeros(layer.units)) if layer.bias else W)

    def init_feedback(self, key: Array) -> Feedback:
        return tuple(jnp.full(layer.units, 0.5) for layer in self.net.layers[:-1])

    def forward(self, params: Weights, image: Array, label: Array, masks: Masks) -> Activity:
        """The hidden layers' pass on images with a label, `[B, K]`, in them."""
        net, K = self.net, self.net.num_classes
        shapes = [layer.params_shape for layer in (*net.layers[:-1], self.output_layer)]
        require_shapes(params, shapes, "those that rule.init draws")
        x = net.receive(image)
        below = jnp.concatenate([label, x[:, K:]], axis=1)
        done = Activity((), (), (), masks)
        for l, layer in enumerate(net.layers[:-1]):
            below = N(below).reshape(image.shape) if l == 0 else N(below)
            x = net.input_of(l, below, masks)
            a = layer.forward(x, params[l])
            below = net.activate(l, a, masks)
            done = Activity((*done.x, x), (*done.a, a), (*done.h, below), masks)
        return done

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, image, t = self.net, batch.image, self.net.one_hot(batch.label)
        key, masks = noise_key(net, batch), net.draw_dropout(batch.key, len(batch.image))

        z, scores = self.read_out(params, image, masks)
        wrong = self.wrong_labels(key, t, scores)
        positive, negative = (self.forward(params, image, label, masks) for label in (t, wrong))
        m = [KEPT * m + (1 - KEPT) * h.mean(0) for m, h in zip(F, positive.h, strict=True)]

        hidden = (self.update(l, positive, negative, m[l]) for l in range(len(m)))
        e = self.readout_rate * (net.activate(len(m), scores, masks) - t)
        dW = (*hidden, self.output_layer.hebbian(z, e))
        if self.readout == "goodness":
            scores = self.scores(params, F, image)
        aux = {**net.measure(scores, batch.label), "feedback_value": tuple(m)}
        return jax.tree.map(lambda dW: dW / len(t), dW), aux

    def wrong_labels(self, key: Array, t: Array, scores: Array) -> Array:
        """A wrong label for each image, one-hot like t, `[B, K]`."""
        logits = scores if self.negatives == "softmax" else jnp.zeros_like(scores)
        drawn = jax.random.categorical(key, jnp.where(t > 0, -jnp.inf, logits))
        return self.net.one_hot(drawn)

    def update(self, l: int, positive: Activity, negative: Activity, m: Array) -> Array:
        """The sum over the batch of hidden layer l's gradients (from 0)."""
        layer, n = self.net.layers[l], self.net.layers[l].units

        def signal(activity, sign):
            h = activity.h[l]
            g = (h**2).sum(1, keepdims=True)
            pushed = -sign * jax.nn.sigmoid(sign * (self.threshold * n - g)) * h
            return self.net.through_activation(l, activity, pushed)

        peer = self.peer_normalization * (1 - KEPT) * 2 * (m - m.mean()) / n
        by_positive = layer.hebbian(positive.x[l], signal(positive, 1) + peer[None])
        by_negative = layer.hebbian(negative.x[l], signal(negative, -1))
        return jax.tree.map(jnp.add, by_positive, by_negative)

    def read_out(self, params: Weights, image: Array, masks: Masks) -> tuple[Any, Array]:
        """z, as the output layer receives it, and scores z W_L."""
        K = self.net.num_classes
        neutral = self.forward(params, image, jnp.full((len(image), K), 1 / K), masks)
        z = jnp.concatenate([N(h) for h in neutral.h[self.read]], axis=1)
        z = add_one(z) if self.output_layer.bias else z
        return z, self.output_layer.forward(z, params[-1])

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        masks = self.net.draw_dropout(None, len(image))
        if self.readout == "softmax":
            return self.read_out(params, image, masks)[1]

        def goodness(label):
            label = jnp.broadcast_to(label, (len(image), len(label)))
            h = self.forward(params, image, label, masks).h[self.read]
            return sum((h_l**2).sum(1) for h_l in h)

        return jax.lax.map(goodness, jnp.eye(self.net.num_classes)).T


def N(h: Array) -> Array:
    """Divides each sample's h by the root of its mean square `[B, n]`; its length is lost."""
    return h / jnp.sqrt((h**2).mean(1, keepdims=True) + SMALLEST)

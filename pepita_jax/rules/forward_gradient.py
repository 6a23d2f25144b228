"""Forward gradients: what a random step does to the loss, times that step.

Baydin, Pearlmutter, Syme, Wood & Torr, "Gradients without Backpropagation", 2022 (weights); Ren,
Kornblith, Liao & Hinton, "Scaling Forward Gradient with Local Losses", ICLR 2023 (activities,
local losses). Older forms by differences: weight perturbation (Jabri & Flower, 1992) and node
perturbation (Fiete & Seung, 2006).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.rules.local_classifiers import (
    draw_classifiers,
    equivalent_classifiers,
    local_losses,
)
from pepita_jax.types import Activity, Batch, Feedback, Masks, Updates, Weights


@dataclass(frozen=True)
class ForwardGradient(Rule):
    """The slope of the loss E along a random direction, times the direction. Rows are samples.

        v_l   ~ N(0, 1), or +-1                    directions, new for each batch
        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer, unless it is perturbed too

    perturb=activities, at hidden layers:

        c     = dE/ds of each sample at a + s v    s = 0, all a_l at once, v_l [B, n_l]; c [B]
        d_l   = c v_l                              [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    perturb=weights:

        c     = dE/ds of the batch at W + s v      all W_l at once, v_l like W_l
        dW_l  = c v_l

    The update's mean over directions is the gradient. Its mean square is n times the gradient's for
    signs, n + 2 times for normal entries, where v has n entries: learning rates must be small. To
    keep n small, v is 0 at units that do not change what the next layer receives, such as silent
    ReLUs (as in Ren et al.). With loss=local, c_l is the slope of layer l's own loss, as in
    `decoupled_greedy`, and n counts that layer alone.

    Feedback: none; with loss=local the classifiers of `decoupled_greedy`, which learn.

    Options:
        perturb: the pre-activations of hidden layers (`activities`), or `weights`.
        directions: the entries of v are `normal`, or a random `sign`.
        samples: number of directions per batch, one after another; the update is their mean.
        loss: `global`, or `local`: each hidden layer's own.
        derivative: `jvp` is forward-mode differentiation; `difference` is (E(sigma) - E(-sigma)) /
            2 sigma of two passes, which is node or weight perturbation.
        sigma: size of the step of a difference; it has no effect on `jvp`.
        output: the output layer's update is `exact`, as in Ren et al., or `perturbed` like the
            others, as in Baydin et al.
    """

    draws_noise: ClassVar[bool] = True

    perturb: Literal["weights", "activities"] = "activities"
    directions: Literal["normal", "sign"] = "normal"
    samples: int = 1
    loss: Literal["global", "local"] = "global"
    derivative: Literal["jvp", "difference"] = "jvp"
    sigma: float = 1e-3
    output: Literal["exact", "perturbed"] = "exact"

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.sigma", self.sigma, above=0)

    @property
    def learns_feedback(self) -> bool:
        return self.loss == "local"

    @property
    def splits_batches(self) -> bool:
        return self.perturb == "activities"  # a direction of the weights is the whole batch's

    def init_feedback(self, key: Array) -> Feedback:
        return draw_classifiers(key, self.net) if self.loss == "local" else ()

    def forward_equivalent(self, params: Weights) -> Feedback:
        return equivalent_classifiers(self.net, params) if self.loss == "local" else ()

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        losses = partial(self.losses, params, F, batch.image, masks, t)
        none = self.no_direction(params, len(t))
        _, along, activity = jax.linearize(losses, none, has_aux=True)
        differentiate = along if self.derivative == "jvp" else partial(self.difference, losses)
        where = self.where(params, activity)

        def estimate(key):
            v = draw(key, self.directions, where)
            return jax.tree.map(times, differentiate(v), v)

        keys = jax.random.split(noise_key(net, batch), self.samples)
        dW = self.update(mean_over(estimate, keys), activity, activity.h[-1] - t)
        aux = net.measure(activity.a[-1], batch.label)
        if self.loss == "global":
            return dW, aux
        own_losses = lambda F: local_losses(net, F, activity.a, masks, t)
        dC = jax.grad(lambda F: sum(E.mean() for E in own_losses(F)))(F)
        return dW, {**aux, "feedback": dC}

    def losses(
        self, params: Weights, F: Feedback, image: Array, masks: Masks, t: Array, v: Any
    ) -> tuple[tuple[Array, ...], Activity]:
        """The loss that each layer descends, with v added: of each sample `[B]`, or the mean.

        Also returns the forward pass, which is the standard pass if v is 0.
        """
        net, add = self.net, partial(jax.tree.map, jnp.add)
        of_weights = self.perturb == "weights"
        W, u = (add(params, v), None) if of_weights else (params, v)
        if self.loss == "local":
            activity = net.forward(params, image, masks)
            layers = zip(net.layers, activity.x, W, strict=True)
            moved = (l.forward(x, W) for l, x, W in layers) if of_weights else add(activity.a, v)
            E = local_losses(net, F, tuple(moved), masks, t)
        else:
            activity = net.forward(W, image, masks, u)
            E = (net.losses(activity.a[-1], t),) * len(net.layers)
        return (tuple(E_l.mean() for E_l in E) if of_weights else E), activity

    def difference(self, losses: Callable[[Any], Any], v: Any) -> Any:
        """The slope of `losses` along v, by two passes."""
        at, s = lambda s: losses(jax.tree.map(lambda v: s * v, v))[0], self.sigma
        return jax.tree.map(lambda E, other: (E - other) / (2 * s), at(s), at(-s))

    def no_direction(self, params: Weights, batch_size: int) -> Any:
        """Zeros shaped like the weights, or like the pre-activations."""
        if self.perturb == "weights":
            return jax.tree.map(jnp.zeros_like, params)
        return tuple(jnp.zeros((batch_size, *l.activity_shape)) for l in self.net.layers)

    def where(self, params: Weights, activity: Activity) -> Any:
        """1 where a direction is drawn, else 0; like the weights, or the pre-activations."""
        if self.perturb == "weights":
            *hidden, output = jax.tree.map(jnp.ones_like, params)
        else:
            *hidden, output = reaching(self.net, activity)
        is_drawn = self.output == "perturbed"
        return (*hidden, output if is_drawn else jax.tree.map(jnp.zeros_like, output))

    def update(self, estimates: Any, activity: Activity, e: Array) -> Weights:
        """The weights' updates from the estimates; the output layer's may be exact."""
        layer, (*hidden, output), exact = self.net.layers[-1], estimates, self.output == "exact"
        if self.perturb == "activities":
            return self.net.hebbian(activity.x, (*hidden, e if exact else output))
        delta = jax.tree.map(lambda dW: dW / len(e), layer.hebbian(activity.x[-1], e))
        return (*hidden, delta if exact else output)


def draw(key: Array, directions: str, where: Any) -> Any:
    """Random entries, `normal` or a `sign`, times `where`, a tree of arrays."""
    arrays, tree = jax.tree.flatten(where)
    entries = {"normal": jax.random.normal, "sign": jax.random.rademacher}[directions]
    keys = jax.random.split(key, len(arrays))
    drawn = (x * entries(k, x.shape, x.dtype) for k, x in zip(keys, arrays, strict=True))
    return tree.unflatten(drawn)


def times(c: Array, v: Any) -> Any:
    """Directions times a number, or times one of each sample, `[B]`."""
    return jax.tree.map(lambda v: c.reshape(c.shape + (1,) * (v.ndim - c.ndim)) * v, v)


def mean_over(estimate: Callable[[Array], Any], keys: Array) -> Any:
    """The mean of an estimate over keys; only two are held at a time."""
    add = lambda total, key: (jax.tree.map(jnp.add, total, estimate(key)), None)
    total, _ = jax.lax.scan(add, estimate(keys[0]), keys[1:])
    return jax.tree.map(lambda x: x / len(keys), total)


def reaching(net: Network, activity: Activity) -> tuple[Array, ...]:
    """1 for each unit whose pre-activation changes what the next layer receives, else 0."""

    def of(l, layer):
        received, send_back = jax.vjp(partial(layer.downstream, mask=activity.masks[l + 1]),
                                      activity.h[l])  # fmt: skip
        (g,) = send_back(jnp.ones_like(received))
        return (net.through_activation(l, activity, g) != 0).astype(g.dtype)

    hidden = (of(l, layer) for l, layer in enumerate(net.layers[:-1]))
    return (*hidden, jnp.ones_like(activity.a[-1]))

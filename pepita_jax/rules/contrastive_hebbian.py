"""Contrastive Hebbian learning with weak feedback (Xie & Seung, Neural Computation 2003)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.network import Network
from pepita_jax.rules import relaxation
from pepita_jax.rules.base import Rule
from pepita_jax.types import Activity, Batch, Feedback, Masks, Updates, Weights


@dataclass(frozen=True)
class ContrastiveHebbian(Rule):
    """Hebbian learning while the output is clamped to the target, and anti-Hebbian learning while
    it is free. Rows are samples.

        h_l   = s(h_{l-1} W_l + gamma h_{l+1} W_{l+1}^T)     hidden layers, settled, [B, n_l]
        h_L   = s(h_{L-1} W_L)  in the free phase (f),  t  in the clamped phase (c)
        dW_l  = -gamma^{l-L} (h^c_{l-1}^T h^c_l - h^f_{l-1}^T h^f_l)     mean over the batch

    With gamma -> 0 it is backpropagation, up to O(gamma). Scores are those of the free phase.
    Convolutions: the same at every position, summed over positions; feedback passes filters and
    pooling backwards.

    Feedback: none; activities return through the forward weights.

    Options:
        gamma: strength of feedback. Where it is large, unbounded activities such as ReLU's grow
            without end.
        steps: sweeps over the layers in each phase.
    """

    gamma: float = 0.03
    steps: int = 10

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.gamma", self.gamma, above=0)

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        return relaxation.unsuited(net)

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        return self.free_phase(params, self.net.forward(params, image)).u[-1]

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        activity = net.forward(params, batch.image, net.draw_dropout(batch.key, len(t)))
        free = self.free_phase(params, activity)
        change = self.change(params, activity, free, t)

        products = relaxation.contrast(net, free, change)
        powers = (self.gamma ** (l - len(products)) for l in range(1, len(products) + 1))
        weigh = lambda power, product: jax.tree.map(lambda P: -power * P, product)
        dW = tuple(map(weigh, powers, products))
        return dW, net.measure(free.u[-1], batch.label)

    def free_phase(self, params: Weights, activity: Activity) -> relaxation.Phase:
        output = lambda a_L, h_L: self.net.activate(len(params) - 1, a_L, activity.masks)
        return relaxation.settle(
            self.net, params, activity, activity.h, output, self.steps, self.gamma
        )

    def change(
        self, params: Weights, activity: Activity, free: relaxation.Phase, t: Array
    ) -> relaxation.Phase:
        """The clamped phase minus the free phase, computed as a difference throughout.

        It is of the size of gamma^{L-l}: subtracting one settled phase from the other would lose it
        in rounding.
        """
        net, masks = self.net, activity.masks
        zeros = jax.tree.map(jnp.zeros_like, free)

        def sweep(h_before):
            x, h, a = [zeros.x[0]], [], [zeros.u[0]]
            for l in range(1, len(net.layers)):
                up = relaxation.ascend(net, params, l, free.winners[l - 1], masks)
                _, back, _ = jax.vjp(up, free.h[l - 1], has_aux=True)
                a[-1] = a[-1] + self.gamma * back(h_before[l])[0]
                h.append(self.activate(l - 1, free.u[l - 1], a[-1], masks))
                _, moved = jax.jvp(up, (free.h[l - 1],), (h[-1],))
                for found, new in zip((a, x), moved, strict=True):
                    found.append(new)
            return zeros._replace(x=tuple(x), u=tuple(a), h=(*h, t - free.h[-1]))

        start = (*zeros.h[:-1], t - free.h[-1])
        return sweep(jax.lax.fori_loop(0, self.steps - 1, lambda _, h: sweep(h).h, start))

    def activate(self, l: int, u: Array, change: Array, masks: Masks) -> Array:
        """How the activity of layer l (from 0) changes: s(u + change) - s(u).

        Where this difference is within the rounding of u, the slope midway times the change takes
        its place, which that rounding does not touch.
        """
        s = lambda u: self.net.activate(l, u, (None,) * len(masks))
        difference = s(u + change) - s(u)
        _, by_slope = jax.jvp(s, (u + change / 2,), (change,))
        rounding = 8 * jnp.finfo(u.dtype).eps * (1 + jnp.abs(u))
        is_smooth = jnp.abs(difference - by_slope) < rounding
        h = jnp.where(is_smooth, by_slope, difference)
        dropped = None if self.net.layers[l].pools else masks[l + 1]
        return h if dropped is None else h * dropped

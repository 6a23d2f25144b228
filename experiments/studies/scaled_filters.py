"""PEPITA with another update of its filters: see `filters.jsonl`, docs/papers/pepita_filters.md."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.layers import Conv
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.pepita_mirrored import PepitaMirrored
from pepita_jax.types import Activity, Weights


@dataclass(frozen=True)
class OtherUpdate:
    """Changes the update of each convolution's filters; everything else is the rule's own."""

    filter_scale: float = 1.0
    positions: Literal["all", "winners"] = "all"

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        if self.positions == "winners":
            hidden = zip(self.net.layers[:-1], standard.h, modulated.h, strict=False)
            moved = (_where_it_won(*of_layer) for of_layer in hidden)
            modulated = modulated._replace(h=(*moved, modulated.h[-1]))
        return super().update(standard, modulated, t)

    def per_position(self, products: Weights) -> Weights:
        def scale(layer, mean):
            is_filters = isinstance(layer, Conv)
            return jax.tree.map(lambda dW: self.filter_scale * dW, mean) if is_filters else mean

        return tuple(map(scale, self.net.layers, super().per_position(products)))


@dataclass(frozen=True)
class ScaledFilters(OtherUpdate, Pepita):
    """PEPITA with a scaled update of the filters, which may be limited to the winners of pooling.

        dW_l = c (h_l - h_l^err) (h_{l-1}^err)^T          each convolution

    All else is as in `pepita`.

    Options:
        filter_scale: c. The program of PEPITA's authors has -1 / batch size. With c equal to the
            number of a filter's positions, the mean over the positions becomes a sum.
        positions: where filters learn, at `all` positions, or only at the `winners` of pooling.
        presynaptic, output_error, modulation_sign, feedback_scale, feedback_init: as in `pepita`.
    """


@dataclass(frozen=True)
class MirroredScaledFilters(OtherUpdate, PepitaMirrored):
    """The same changes to `pepita_mirrored`.

    Options:
        filter_scale, positions: as in `ScaledFilters`.
        all others: as in `pepita_mirrored`.
    """


def _where_it_won(layer, h, h_err):
    """h_err where pooling lets h through, and h elsewhere."""
    (won,) = jax.vjp(layer.downstream, h)[1](jnp.ones((len(h), *layer.output_shape)))
    return h + won * (h_err - h)

"""PEPITA-Hebbian (Srinivasan et al., "Forward Learning with Top-Down Feedback", ICLR 2024)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.network import Network
from pepita_jax.rules.pepita import InputModulation
from pepita_jax.types import Activity, Weights


@dataclass(frozen=True)
class PepitaHebbian(InputModulation):
    """PEPITA's two passes, each of which changes the weights by its own activity.

    In column vectors, for one sample, with h and h^err of `pepita` (Eq. 1-2):

        dW_l     = h_l h_{l-1}^T - h_l^err (h_{l-1}^err)^T    hidden layers
        dW_L     = h_L h_{L-1}^T - t (h_{L-1}^err)^T          output layer

    All dW are means over the batch, to be descended. Both passes see the same weights. Filters and
    dropout: as in `pepita`.

    Feedback: F, as in `pepita`.

    Options:
        modulation_sign: 1 for x + F e, -1 for x - F e, as the authors' program has it.
        feedback_scale: as in `pepita`.
        feedback_init: as in `pepita`.
    """

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        return hebbian_update(self.net, standard, modulated, t)


def hebbian_update(
    net: Network, standard: Activity, modulated: Activity, t: Array
) -> tuple[Array, ...]:
    """The update of `PepitaHebbian`, summed over a filter's positions.

    It is computed as u v - u' v' = u (v - v') + (u - u') v'. The products of the two passes are
    nearly equal, and rounding would destroy their difference.
    """
    minus = lambda one, other: jax.tree.map(jnp.subtract, one, other)
    h_err = (*modulated.h[:-1], t)
    by_activity = net.hebbian(standard.x, minus(standard.h, h_err))
    by_input = net.hebbian(minus(standard.x, modulated.x), h_err)
    return jax.tree.map(jnp.add, by_activity, by_input)

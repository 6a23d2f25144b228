"""Derivatives of the scores by each layer's pre-activation, sample by sample."""

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.network import Network
from pepita_jax.types import Activity, Signals, Weights


def score_jacobians(net: Network, params: Weights, activity: Activity) -> Signals:
    """`J_l = d scores / d a_l` of every sample, `[K, B, ...]`; the output's is the identity.

    Args:
        net: any network.
        params: weights of one seed.
        activity: the forward pass at which the derivatives are taken.

    Returns:
        For each layer an array `[K, *shape of activity.a]`.
    """
    scores = activity.a[-1]
    of_class = lambda one: net.backward(activity, params[1:], jnp.broadcast_to(one, scores.shape))
    return jax.vmap(of_class)(jnp.eye(net.num_classes, dtype=scores.dtype))


def solve_damped(M: Array, damping: float, e: Array) -> Array:
    """`(M + damping I)^-1 e` of every sample: `[B, K, K]` and `[B, K]` -> `[B, K]`."""
    damped = M + damping * jnp.eye(M.shape[-1], dtype=M.dtype)[None]
    return jnp.linalg.solve(damped, e[..., None])[..., 0]

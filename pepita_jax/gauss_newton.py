"""Gauss-Newton updates, which targets and control approximate in place of the gradient."""

import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.jacobians import score_jacobians, solve_damped
from pepita_jax.networks.network import Network
from pepita_jax.types import Batch, Weights


def gauss_newton(net: Network, params: Weights, batch: Batch, damping: float = 1e-3) -> Weights:
    """Each layer's smallest change of its pre-activation that brings the scores to the target.

        e     = h_L - t                                        error, [B, K]
        J_l   = d scores / d a_l                               of each sample, [K, n_l]
        d_l   = J_l^T (J_l J_l^T + damping I)^-1 e             [B, n_l]
        dW_l  = h_{l-1}^T d_l                                  mean over the batch

    Without damping, d_l is the pseudo-inverse of J_l times e: Gauss-Newton for one sample and one
    layer (Meulemans et al., NeurIPS 2020, Sec. 3). With much of it, damping d_l is
    backpropagation's signal. Convolutions: n_l are the units of all filters and positions.

    Args:
        net: any network.
        params: weights of one seed.
        batch: a `Batch` of B images; its key serves dropout.
        damping: added to the squares of J_l's singular values; above 0 unless J_l has full rank.

    Returns:
        Arrays like `params`, which an optimizer would descend.
    """
    masks = net.draw_dropout(batch.key, len(batch.image))
    activity = net.forward(params, batch.image, masks)
    e = activity.h[-1] - net.one_hot(batch.label)

    def signal(J: Array) -> Array:
        flat = J.reshape(*J.shape[:2], -1)
        M = jnp.einsum("kbn,jbn->bkj", flat, flat)
        return jnp.einsum("bk,kb...->b...", solve_damped(M, damping, e), J)

    return net.hebbian(activity.x, tuple(map(signal, score_jacobians(net, params, activity))))

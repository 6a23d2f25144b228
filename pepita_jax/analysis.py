"""What a rule learns: its angles to backpropagation, to Gauss-Newton and to its own feedback."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.jacobians import score_jacobians, solve_damped
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import Rule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.checks import check_like, checked_updates
from pepita_jax.types import Batch, Feedback, Weights


class Alignment(NamedTuple):
    """What `alignment` measures on one batch. Angles are in degrees; an angle to zeros is NaN.

    Attributes:
        gradient_angle: one number per layer: the angle between the rule's pseudo-gradient and BP's
            gradient. The pseudo-gradient includes the rule's own weight decay. A rule with scores
            of its own is compared with the gradient of their loss.
        feedback_angle: one number per array of F: the angle between this feedback and the forward
            weights that it stands in for. They are the layer's own weights for `fa` and its kin
            and for mirrored feedback, the product of the weights above for direct feedback, and
            the product of all weights for PEPITA's F (Fig. 3b). Empty without feedback.
        feedback_product: the inner products of the same pairs: tr(FWA) of App. E for PEPITA's F.
        weight_norm: the Euclidean norm of each layer's weights, biases included (Fig. 3c).
        gauss_newton_angle: like `gradient_angle`, but to the updates of `gauss_newton`. Empty
            unless the rule's `nears_gauss_newton` is True.
    """

    gradient_angle: tuple[Array, ...]
    feedback_angle: tuple[Array, ...]
    feedback_product: tuple[Array, ...]
    weight_norm: tuple[Array, ...]
    gauss_newton_angle: tuple[Array, ...] = ()


def alignment(net: Network, rule: Rule, params: Weights, F: Feedback, batch: Batch) -> Alignment:
    """Compares a rule's updates with BP's gradient, and its feedback with the forward weights.

    >>> import jax
    >>> import pepita_jax as pj
    >>> rule = pj.FA(pj.mlp((8, 8, 1), 10, hidden=(32,)))
    >>> params, _ = rule.init(jax.random.key(0))
    >>> image, label = (x[:64] for x in pj.load_dataset("digits").train)
    >>> batch = pj.Batch(image, label)
    >>> F = params[1:]  # the forward weights themselves: backpropagation
    >>> angles = pj.analysis.alignment(rule.net, rule, params, F, batch)
    >>> [round(float(angle)) for angle in (*angles.gradient_angle, *angles.feedback_angle)]
    [0, 0, 0]

    Args:
        net: the network: `rule.net`, or the same layers with other dropout. A rule with scores of
            its own is measured without dropout, because its scores have none.
        rule: any rule, from `build_rule`.
        params: weights of one seed.
        F: feedback of that seed.
        batch: the `Batch` to measure on. Its key draws dropout and the rule's own noise.

    Returns:
        An `Alignment`.

    Raises:
        UserError: images, labels or weights do not fit the network, the rule draws noise and the
            batch has no key, or its pseudo-gradients do not fit the weights.
    """
    net = net.without_dropout() if has_own_scores(rule) else net
    rule = replace(rule, net=net)
    gradients = gradient(rule, params, F, batch)
    pseudo_gradients, aux = checked_updates(rule, tuple(params), F, batch)
    if rule.steps_per_batch == 2:  # at the same weights, as if steps were small
        second, _ = rule.second_pseudo_gradients(params, F, batch, aux)
        check_like("the second pseudo-gradients", second, "weights", tuple(params))
        pseudo_gradients = jax.tree.map(jnp.add, pseudo_gradients, second)
    feedback, forward_equivalent = map(jax.tree.leaves, (F, rule.forward_equivalent(params)))
    newton = gauss_newton(net, params, batch) if rule.nears_gauss_newton else ()
    angles = lambda updates: tuple(map(angle, map(as_array, pseudo_gradients), updates))
    with jax.debug_nans(False):  # a zero array's angle is meant to be NaN
        return Alignment(
            angles(map(as_array, gradients)),
            tuple(map(angle, feedback, forward_equivalent)),
            tuple(map(jnp.vdot, feedback, forward_equivalent)),
            tuple(jnp.linalg.norm(as_array(W).ravel()) for W in params),
            angles(map(as_array, newton)),
        )


def gradient(rule: Rule, params: Weights, F: Feedback, batch: Batch) -> Weights:
    """The gradient, like `params`, of the loss of a rule's scores on one batch: backpropagation."""
    net = rule.net
    if not has_own_scores(rule):
        return BP(net).pseudo_gradients(params, (), batch)[0]
    t = net.one_hot(batch.label)
    loss = lambda params: net.losses(rule.scores(params, F, batch.image), t).mean()
    return jax.grad(loss)(params)


def has_own_scores(rule: Rule) -> bool:
    """Whether a rule's scores are not simply the network's."""
    return type(rule).scores is not Rule.scores


def gauss_newton(net: Network, params: Weights, batch: Batch, damping: float = 1e-3) -> Weights:
    """Updates that bring the scores to the target by each layer's smallest pre-activation change.

        e     = h_L - t                                        error, [B, K]
        J_l   = d scores / d a_l                               of each sample, [K, n_l]
        d_l   = J_l^T (J_l J_l^T + damping I)^-1 e             [B, n_l]
        dW_l  = h_{l-1}^T d_l                                  mean over the batch

    Without damping, d_l is the pseudo-inverse of J_l times e: Gauss-Newton for one sample and one
    layer (Meulemans et al., NeurIPS 2020, Sec. 3). With large damping, `damping` times d_l is
    backpropagation's signal. In a convolution, n_l counts the units of all filters and positions.

    Args:
        net: any network.
        params: weights of one seed.
        batch: a `Batch` of B images; its key draws dropout.
        damping: added to the squared singular values of J_l; must be above 0 unless J_l has full
            rank.

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


def as_array(weights: Any) -> Array:
    """A layer's weights as one array; with biases, weights and biases joined in one vector."""
    parts = jax.tree.leaves(weights)
    return parts[0] if len(parts) == 1 else jnp.concatenate([x.ravel() for x in parts])


def angle(a: Array, b: Array) -> Array:
    """Angle between two arrays of one shape, flattened (Sec. 4.2), in degrees; NaN if one is 0."""
    a, b = (x.ravel() / jnp.abs(x).max() for x in (a, b))  # their squares stay in range
    a, b = a / jnp.linalg.norm(a), b / jnp.linalg.norm(b)
    # Kahan's formula: the arc cosine would lose half the digits of small angles.
    return jnp.degrees(2 * jnp.arctan2(jnp.linalg.norm(a - b), jnp.linalg.norm(a + b)))

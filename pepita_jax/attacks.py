"""Adversarial attacks: images changed within a radius so that a network misreads them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer

from pepita_jax.data.images import to_float
from pepita_jax.errors import require, require_int, require_number

Scores = Callable[[Array], Array]  # images [B, H, W, C] -> scores of the classes [B, K]


def fgsm(scores: Scores, image: Array, label: Array, radius: float) -> Array:
    """The fast gradient sign method: one step that changes images so as to raise the loss most.

        x' = clip(x + radius sign(dL/dx), 0, 1)

    L is the cross-entropy of the scores' softmax. Goodfellow, Shlens & Szegedy, ICLR 2015, Sec. 4.

    >>> import jax, jax.numpy as jnp
    >>> import pepita_jax as pj
    >>> W = jnp.array([[1.0, -1.0], [0.5, -0.5]])
    >>> scores = lambda image: image.reshape(-1, 2) @ W
    >>> image = jnp.full((1, 1, 2, 1), 0.5)
    >>> pj.attacks.fgsm(scores, image, jnp.array([0]), radius=0.25).ravel().tolist()
    [0.25, 0.25]

    Args:
        scores: images -> scores `[B, K]`, such as `partial(rule.scores, params, F)`.
        image: `[B, H, W, C]`, floats in [0, 1] or uint8.
        label: `[B]` int, class numbers.
        radius: the largest change of a number of the image, in the unit of floats in [0, 1].

    Returns:
        The changed images, `[B, H, W, C]` floats in [0, 1].

    Raises:
        UserError: the radius is not positive, or the images are not in [0, 1].
    """
    return pgd(scores, image, label, radius, steps=1, step_size=radius)


def pgd(
    scores: Scores,
    image: Array,
    label: Array,
    radius: float,
    steps: int = 20,
    step_size: float | None = None,
) -> Array:
    """Projected gradient descent: several steps of `fgsm`, each brought back within the radius.

        x <- clip(x + step_size sign(dL/dx), image - radius, image + radius), within [0, 1]

    The first step starts from the image itself, not from a random point. Madry et al., ICLR 2018,
    Sec. 2.1.

    >>> import jax.numpy as jnp
    >>> import pepita_jax as pj
    >>> W = jnp.array([[1.0, -1.0], [0.5, -0.5]])
    >>> scores = lambda image: image.reshape(-1, 2) @ W
    >>> image = jnp.full((1, 1, 2, 1), 0.5)
    >>> pj.attacks.pgd(scores, image, jnp.array([0]), radius=0.25, steps=10).ravel().tolist()
    [0.25, 0.25]

    Args:
        scores, image, label, radius: see `fgsm`.
        steps: number of steps.
        step_size: size of one step, in the unit of `radius`; None: 2.5 radius / steps, with which
            every point within the radius can be reached.

    Returns:
        The changed images, `[B, H, W, C]` floats in [0, 1].

    Raises:
        UserError: the radius or the size of a step is not positive, there is no step, or the images
            are not in [0, 1].
    """
    require_number("radius", radius, above=0)
    require_int("steps", steps, 1)
    size = 2.5 * radius / steps if step_size is None else step_size
    require_number("step_size", size, above=0)
    image = to_float(image)
    if not isinstance(image, Tracer):
        is_unit = image.min() >= 0 and image.max() <= 1
        require(is_unit, "attacked images must be in [0, 1]: give them without preprocessing")
    low, high = jnp.maximum(image - radius, 0), jnp.minimum(image + radius, 1)
    gradient = jax.grad(lambda x: _log_odds(scores(x), label))
    step = lambda _, x: jnp.clip(x + size * jnp.sign(gradient(x)), low, high)
    return jax.lax.fori_loop(0, steps, step, image)


def _log_odds(a: Array, label: Array) -> Array:
    """log((1 - p) / p) of each label's probability p, summed over images.

    The cross-entropy -log p rises with it, so both gradients have the same sign. The gradient of
    the cross-entropy rounds to 0 where a network is sure, which would pass for robustness.
    """
    is_label = jnp.arange(a.shape[1])[None] == label[:, None]
    others = jax.nn.logsumexp(jnp.where(is_label, -jnp.inf, a), axis=1)
    return (others - jnp.where(is_label, a, 0).sum(1)).sum()

"""Adversarial images: how far images must be changed for a network to misread them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer

from pepita_jax.data.images import to_float
from pepita_jax.errors import require, require_int, require_number

Scores = Callable[[Array], Array]  # images [B, H, W, C] -> scores of the classes [B, K]


def fgsm(scores: Scores, image: Array, label: Array, radius: float) -> Array:
    """The fast gradient sign method: images changed where it raises the loss most, by one step.

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
        scores: images -> `[B, K]`, such as `partial(rule.scores, params, F)`.
        image: `[B, H, W, C]` in [0, 1], or bytes.
        label: `[B]`.
        radius: of the L-infinity ball around each image.

    Raises:
        UserError: the radius is not positive, or the images are not such.
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
    """Projected gradient descent: steps of `fgsm`, each brought back into the ball.

        x <- clip(x + step_size sign(dL/dx), image - radius, image + radius), within [0, 1]

    It begins with the image itself, so that it draws nothing. Madry et al., ICLR 2018, Sec. 2.1.

    Args:
        scores, image, label, radius: see `fgsm`.
        steps: number of them.
        step_size: default: 2.5 radius / steps, by which any point of the ball can be reached.

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
        require(is_unit, "images that are attacked must be in [0, 1]: preprocessed ones are not")
    low, high = jnp.maximum(image - radius, 0), jnp.minimum(image + radius, 1)
    gradient = jax.grad(lambda x: _log_odds(scores(x), label))
    step = lambda _, x: jnp.clip(x + size * jnp.sign(gradient(x)), low, high)
    return jax.lax.fori_loop(0, steps, step, image)


def _log_odds(a: Array, label: Array) -> Array:
    """log((1 - p) / p) of each label's probability p, summed over images.

    The cross-entropy -log p rises with it, so its gradient has the same sign. But that of the
    cross-entropy is rounded to 0 where a network is sure, which would pass for robustness.
    """
    is_label = jnp.arange(a.shape[1])[None] == label[:, None]
    others = jax.nn.logsumexp(jnp.where(is_label, -jnp.inf, a), axis=1)
    return (others - jnp.where(is_label, a, 0).sum(1)).sum()

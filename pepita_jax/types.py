"""The records and types that pass between data, network, rule and training."""

from typing import Any, NamedTuple

from flax import struct
from jax import Array

Weights = tuple[Array, ...]  # one array per layer, input side first
Masks = tuple[Array | None, ...]  # dropout, 0 or 1/(1-p) per unit, `[B, n_l]`; None: no dropout
Feedback = Any  # a pytree of arrays; `()` without feedback
Signals = tuple[Array, ...]  # one array per layer, `[B, n_l]`, convolutions `[B, H, W, n_l]`
Updates = tuple[Weights, dict[str, Any]]  # pseudo-gradients like the weights, and `aux`


class Batch(NamedTuple):
    """One mini-batch of B labelled images, as a rule sees it.

    Attributes:
        image: `[B, H, W, C]` float, in [0, 1] unless whitened.
        label: `[B]` int, class numbers from 0.
        key: random key of this step (dropout, noise); None means no dropout, and is refused
            by rules that draw noise.
    """

    image: Array
    label: Array
    key: Array | None = None


@struct.dataclass
class TrainState:
    """What training changes for one seed; with a leading seed axis, for many.

    Attributes:
        params: one weight array a layer, input side first.
        feedback: the rule's feedback (F), a pytree; `()` where it has none.
        opt_state: state of the optax optimizer.
        feedback_opt_state: the same for feedback that learns, else `()`.
    """

    params: tuple[Array, ...]
    feedback: Any
    opt_state: Any
    feedback_opt_state: Any

"""The records and types that pass between data, network, rule and training."""

from typing import Any, NamedTuple

import jax
from flax import struct
from jax import Array

Weights = tuple[Any, ...]  # an array per layer, input side first; with biases, an `Affine`
Masks = tuple[Array | None, ...]  # per layer, of its input: 0 or 1/(1-p) `[B, n]`; None: no dropout
Feedback = Any  # a pytree of arrays; `()` without feedback
Signals = tuple[Array, ...]  # one array per layer, `[B, n_l]`, convolutions `[B, H, W, n_l]`
Updates = tuple[Weights, dict[str, Any]]  # pseudo-gradients like the weights, and `aux`


class Activity(NamedTuple):
    """Everything that one forward pass computes. Each field is a tuple over layers, layer 1 first.

    Attributes:
        x: what the layer receives: `[B, fan_in]`, in convolutions `[B, H, W, C]`. With biases it is
            a `WithOne` of that.
        a: the pre-activation `W_l h_{l-1}`: `[B, n]`, or `[B, H', W', n]`.
        h: the activity `h_l = s(a_l)` before pooling, shaped like `a`. It includes dropout unless
            the layer has pooling.
        masks: the dropout masks that were used, from `draw_dropout`.
    """

    x: tuple[Any, ...]
    a: tuple[Array, ...]
    h: tuple[Array, ...]
    masks: tuple[Array | None, ...]


class Batch(NamedTuple):
    """One mini-batch of B labelled images, as a rule sees it.

    >>> import jax.numpy as jnp
    >>> import pepita_jax as pj
    >>> pj.Batch(image=jnp.zeros((64, 8, 8, 1)), label=jnp.zeros(64, int))
    Batch(image=float32[64, 8, 8, 1], label=int32[64], key=None)

    Attributes:
        image: `[B, H, W, C]`: floats, in [0, 1] unless preprocessed, or uint8 in 0...255.
        label: `[B]` int, class numbers from 0.
        key: random key of this step, for dropout and noise. None means no dropout; rules that
            draw noise refuse it.
    """

    image: Array
    label: Array
    key: Array | None = None

    def __repr__(self) -> str:
        return f"Batch({describe_fields(self._asdict())})"


@struct.dataclass
class TrainState:
    """The state of one seed's training; with a leading seed axis, that of many seeds.

    Attributes:
        params: the weights of each layer, input side first; with biases, an `Affine` each.
        feedback: the rule's feedback (F), a pytree; `()` if the rule has none.
        opt_state: state of the optax optimizer.
        feedback_opt_state: state of the feedback's optimizer; `()` unless the feedback learns.
    """

    params: Weights
    feedback: Feedback
    opt_state: Any
    feedback_opt_state: Any

    def __repr__(self) -> str:
        return f"TrainState({describe_fields(vars(self))})"


class Text(str):
    """A string that prints without quotation marks."""

    __repr__ = str.__str__


def describe_fields(fields: dict[str, Any]) -> str:
    """Fields of a record in one line; arrays are shown by type and shape alone."""

    def describe(x):
        is_array = hasattr(x, "dtype") and hasattr(x, "shape")
        return Text(f"{x.dtype}{list(x.shape)}") if is_array else x

    return ", ".join(f"{name}={jax.tree.map(describe, x)!r}" for name, x in fields.items())

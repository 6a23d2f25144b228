"""What learning rules share: their signature, and signals to layers."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import jax
from jax import Array

from pepita_jax.errors import UserError, require
from pepita_jax.networks.network import Network, require_network
from pepita_jax.options import check_field_values, field_options
from pepita_jax.types import Activity, Batch, Feedback, Signals, Updates, Weights


@dataclass(frozen=True)
class Rule:
    """A learning rule on a network; subclasses add their options as fields.

    Fields annotated with `Literal` take only the values listed there, `float` any finite number.
    `skeleton.py` is a rule to copy.

    Attributes:
        learns_feedback: whether `aux["feedback"]` says how F is to be descended.
        draws_noise: whether an update needs a batch with a key, and changes with that key even
            without dropout.
        splits_batches: whether a batch's update is the mean of the updates of equal parts of it,
            each with a key of its own.
        static_options: names of numeric options that Python code compares or counts with. A sweep
            gives the others to one compiled function as arrays.
        moved_options: of earlier versions, and where each went.
    """

    learns_feedback: ClassVar[bool] = False
    draws_noise: ClassVar[bool] = False
    splits_batches: ClassVar[bool] = True

    static_options: ClassVar[frozenset[str]] = frozenset()
    moved_options: ClassVar[dict[str, str]] = {}

    net: Network

    def __new__(cls, *_: Any, **options: Any) -> Self:
        cls.check_moved(options)
        return super().__new__(cls)

    @classmethod
    def check_moved(cls, options: Collection[str]) -> None:
        """Raises a `UserError` that says where an option of an earlier version has gone."""
        moved = vars(cls).get("moved_options", {})  # of this very class
        for option in options:
            message = f"rule {cls.__name__.lower()!r} has no option {option!r}"
            require(option not in moved, f"{message}: {moved.get(option)}")

    def __post_init__(self):
        require_network(self.net)
        check_field_values("rule", self)

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "__repr__" not in vars(cls):  # `dataclass`, which comes later, would make another
            cls.__repr__ = Rule.__repr__

    def __repr__(self) -> str:
        """Such as `Pepita(Network(8x8x1: dense 10; relu, softmax), presynaptic='standard')`."""
        options = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "net"}
        defaults = field_options(type(self))
        is_given = lambda k, v: isinstance(v, Array) or v != defaults.get(k)  # traced: incomparable
        given = [f"{k}={v!r}" for k, v in options.items() if is_given(k, v)]
        return f"{type(self).__name__}({', '.join([repr(self.net), *given])})"

    def init_feedback(self, key: Array) -> Feedback:
        """Draws the rule's feedback F, a pytree; `()` for a rule without feedback."""
        del key
        return ()

    def forward_equivalent(self, params: Weights) -> Feedback:
        """The forward weights that F stands in for, shaped like F; `()` without feedback.

        With them in F's place, errors return as in backpropagation: through any network if
        feedback goes layer by layer, through a linear one if it is direct.
        """
        del params
        return ()

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        """The updates that an optimizer descends, for one `Batch` of size B.

        >>> import jax
        >>> import pepita_jax as pj
        >>> rule = pj.Pepita(pj.mlp((8, 8, 1), 10, hidden=(32,)))
        >>> params = rule.net.init(jax.random.key(0))
        >>> F = rule.init_feedback(jax.random.key(1))
        >>> image, label = (x[:64] for x in pj.load_dataset("digits").train)
        >>> dW, aux = jax.jit(rule.pseudo_gradients)(params, F, pj.Batch(image, label))
        >>> [dW_l.shape for dW_l in dW], sorted(aux)
        ([(64, 32), (32, 10)], ['accuracy', 'loss'])

        Args:
            params: weights of one seed, one array per layer.
            F: feedback, as from `init_feedback`.
            batch: images, labels and the key of this step.

        Returns:
            `(pseudo_gradients, aux)`: arrays like `params`, means over the batch; and the
            `loss` and `accuracy` of the standard pass. Where `learns_feedback`, `aux["feedback"]`
            is a tree like F, which a second optimizer state must descend: `pj.train_step` does.

        Raises:
            UserError: the rule draws noise, and the batch has no key.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class SignalRule(Rule):
    """Rules that multiply each layer's input by a signal at its pre-activation:

        dW_l = h_{l-1}^T d_l                       mean over the batch, [n_{l-1}, n_l]

    They differ in the signals. Convolutions: the same at every position, summed over positions.
    """

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        """The signals `d_1 ... d_L`, arrays shaped like `activity.a`.

        Args:
            params, F: forward and feedback weights.
            activity: of the forward pass.
            e: error h_L - t, `[B, K]`.
            t: targets, `[B, K]`.
            key: for noise of the rule's own; None unless it `draws_noise`.
        """
        raise NotImplementedError

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)
        key: Any = noise_key(net, batch) if self.draws_noise else None
        e = activity.h[-1] - t
        d = self.signals(params, F, activity, e, t, key)
        return net.hebbian(activity.x, d), net.measure(activity.a[-1], batch.label)


def noise_key(net: Network, batch: Batch, purpose: int = 0) -> Array:
    """A key for a rule's own noise. Each purpose has another key, and dropout has others too.

    Raises:
        UserError: the batch has no key.
    """
    if batch.key is None:
        raise UserError("this rule draws noise and needs a batch with a key")
    return jax.random.fold_in(batch.key, len(net.layers) + purpose)

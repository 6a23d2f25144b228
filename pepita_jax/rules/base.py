"""What learning rules share: their signature, and signals to layers."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
from jax import Array

from pepita_jax.errors import UserError, require
from pepita_jax.networks.network import Network, require_network
from pepita_jax.options import check_field_values
from pepita_jax.rules.checks import checked_signals
from pepita_jax.rules.options import RuleOptions
from pepita_jax.types import Activity, Batch, Feedback, Signals, Updates, Weights


@dataclass(frozen=True)
class Rule(RuleOptions):
    """A learning rule on a network; subclasses add their options as fields.

    Fields annotated with `Literal` take only the values listed there, `float` any finite number.
    `skeleton.py` is a rule to copy.

    Attributes:
        learns_feedback: whether `aux["feedback"]` holds pseudo-gradients of F.
        sets_feedback: whether `aux["feedback_value"]` holds F for the next step.
        feedback_from_weights: whether `init_feedback` also takes the initial weights, `params`.
        steps_per_batch: 1, or 2 for a rule that changes the weights between its two passes and
            has `second_pseudo_gradients`.
        nears_gauss_newton: whether `alignment` also compares its updates with Gauss-Newton's.
        draws_noise: whether an update needs a batch with a key, and changes with that key even
            without dropout.
        splits_batches: whether a batch's update may be computed as the mean of the updates of its
            equal parts, each with its own key. Rules with two steps take each batch whole.
        static_options: names of numeric options that Python code compares or counts with. A sweep
            passes the other options to one compiled function as arrays.

    Raises:
        UserError: an option is not valid, or the rule does not suit the network.
    """

    learns_feedback: ClassVar[bool] = False
    sets_feedback: ClassVar[bool] = False
    feedback_from_weights: ClassVar[bool] = False
    steps_per_batch: ClassVar[int] = 1
    nears_gauss_newton: ClassVar[bool] = False
    draws_noise: ClassVar[bool] = False
    splits_batches: ClassVar[bool] = True
    static_options: ClassVar[frozenset[str]] = frozenset()

    net: Network

    def __post_init__(self):
        require_network(self.net)
        check_field_values("rule", self)
        name = type(self).__name__
        is_number = self.steps_per_batch in (1, 2)
        require(is_number, f"{name}.steps_per_batch must be 1 or 2, got {self.steps_per_batch!r}")
        is_one = not (self.learns_feedback and self.sets_feedback)
        require(is_one, f"{name} has both learns_feedback and sets_feedback; give one of them")
        why = self.unsuited(self.net)
        require(why is None, f"{name} {why}; got {self.net!r}")

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        """Why the rule cannot train a network, such as `"needs dense layers"`; None: it can.

        Args:
            net: any network.
        """
        del net
        return None

    def init(self, key: Array) -> tuple[Weights, Feedback]:
        """Draws one seed's weights and feedback, with which training begins."""
        params = self.init_params(jax.random.fold_in(key, 0))
        more = {"params": params} if self.feedback_from_weights else {}
        return params, self.init_feedback(jax.random.fold_in(key, 1), **more)

    def init_params(self, key: Array) -> Weights:
        """Draws the weights; by default they are the network's."""
        return self.net.init(key)

    def init_feedback(self, key: Array) -> Feedback:
        """Draws the rule's feedback F, a pytree; `()` for a rule without feedback."""
        del key
        return ()

    def scores(self, params: Weights, F: Feedback, image: Array) -> Array:
        """Scores of the classes, `[B, K]`, by which images are classified; no dropout.

        By default they are the network's.

        Args:
            params, F: weights and feedback of one seed.
            image: `[B, H, W, C]`.
        """
        del F
        return self.net.apply(params, image)

    def project(self, params: Weights) -> Weights:
        """The weights that are kept after each step of the optimizer; by default all are.

        Args:
            params: weights of one seed, just changed.
        """
        return params

    def forward_equivalent(self, params: Weights) -> Feedback:
        """The forward weights that F stands in for, shaped like F; `()` if there are none.

        With these weights in place of F, errors return as in backpropagation: in any network if
        feedback goes layer by layer, in a linear network if it is direct.
        """
        del params
        return ()

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        """The updates that an optimizer descends, for one `Batch` of size B.

        >>> import jax
        >>> import pepita_jax as pj
        >>> rule = pj.Pepita(pj.mlp((8, 8, 1), 10, hidden=(32,)))
        >>> params, F = rule.init(jax.random.key(0))
        >>> image, label = (x[:64] for x in pj.load_dataset("digits").train)
        >>> dW, aux = jax.jit(rule.pseudo_gradients)(params, F, pj.Batch(image, label))
        >>> [dW_l.shape for dW_l in dW], sorted(aux)
        ([(64, 32), (32, 10)], ['accuracy', 'loss'])

        Args:
            params: weights of one seed, one array per layer.
            F: feedback, as from `init_feedback`.
            batch: images, labels and the key of this step.

        Returns:
            `(pseudo_gradients, aux)`: arrays like `params`, means over the batch, and a dict with
            `loss` and `accuracy` of the standard pass. If `learns_feedback`, `aux["feedback"]` is
            a tree like F, which a second optimizer state must descend. If `sets_feedback`,
            `aux["feedback_value"]` is the next F. `pj.train_step` does both.

        Raises:
            UserError: the rule draws noise, and the batch has no key.
        """
        raise UserError(f"{type(self).__name__} must define pseudo_gradients(params, F, batch)")

    def second_pseudo_gradients(
        self, params: Weights, F: Feedback, batch: Batch, aux: dict[str, Any]
    ) -> Updates:
        """The updates of a batch's second step, where `steps_per_batch` is 2.

        Args:
            params: weights, as the first step has left them.
            F, batch: as in the first step.
            aux: the first step's; the rule may put its own arrays into it.
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
            activity: the forward pass.
            e: error h_L - t, `[B, K]`.
            t: targets, `[B, K]`.
            key: for the rule's own noise; None unless the rule `draws_noise`.
        """
        raise UserError(f"{type(self).__name__} must define `signals`, as pj.SignalRule says")

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)
        key: Any = noise_key(net, batch) if self.draws_noise else None
        e = activity.h[-1] - t
        d = checked_signals(self, params, F, activity, e, t, key)
        return net.hebbian(activity.x, d), net.measure(activity.a[-1], batch.label)


def noise_key(net: Network, batch: Batch, purpose: int = 0) -> Array:
    """A key for a rule's own noise; it differs for each purpose, and from dropout's keys.

    Raises:
        UserError: the batch has no key.
    """
    if batch.key is None:
        raise UserError("this rule draws noise and needs a batch with a key: pj.Batch(..., key)")
    return jax.random.fold_in(batch.key, len(net.layers) + purpose)

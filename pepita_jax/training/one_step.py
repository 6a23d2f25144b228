"""One training step of one seed: what a loop repeats, and what it begins with."""

from functools import reduce
from typing import Any

import chex
import jax
import jax.numpy as jnp
import optax
from jax import Array
from optax import GradientTransformation

from pepita_jax.errors import require
from pepita_jax.rules.base import Rule
from pepita_jax.rules.checks import check_like, checked_updates
from pepita_jax.types import Batch, Feedback, TrainState, Updates, Weights


def init_state(
    rule: Rule,
    optimizer: GradientTransformation,
    key: Array,
    feedback_optimizer: GradientTransformation | None = None,
) -> TrainState:
    """Draws the weights and the feedback of one seed, and begins the state of their optimizers.

    >>> import jax, optax
    >>> import pepita_jax as pj
    >>> rule = pj.DFA(pj.mlp((8, 8, 1), 10, hidden=(32,)))
    >>> state = pj.init_state(rule, optax.sgd(0.1), jax.random.key(0))
    >>> [W.shape for W in state.params], [B.shape for B in state.feedback]
    ([(64, 32), (32, 10)], [(10, 32)])

    Args:
        rule: any rule.
        optimizer: any optax transformation.
        key: a random key. `pj.train` gives seed k the key `seed_key(seed, k)` of
            `pepita_jax.training.one_seed`.
        feedback_optimizer: as for `train_step`.

    Returns:
        The initial `TrainState`.

    Raises:
        UserError: `feedback_optimizer` is given, and the rule's feedback does not learn.
    """
    of_feedback = optimizer_of_feedback(rule, optimizer, feedback_optimizer)
    params, feedback = rule.init(key)
    opt_state = with_own_keys(optimizer.init(params), jax.random.fold_in(key, 4))
    feedback_opt_state = ()
    if rule.learns_feedback:
        feedback_opt_state = with_own_keys(of_feedback.init(feedback), jax.random.fold_in(key, 5))
    return TrainState(params, feedback, opt_state, feedback_opt_state)


def optimizer_of_feedback(
    rule: Rule, optimizer: Any, feedback_optimizer: Any | None
) -> GradientTransformation:
    """The optimizer of feedback that learns: its own, or that of the weights.

    Raises:
        UserError: feedback that does not learn has an optimizer of its own.
    """
    if feedback_optimizer is None:
        return optimizer
    message = (
        f"feedback_optimizer is for feedback that learns; that of {type(rule).__name__} does not"
    )
    require(rule.learns_feedback, message)
    return feedback_optimizer


def with_own_keys(opt_state: Any, key: Array) -> Any:
    """An optimizer's state in which the seed's own random keys replace any that it holds.

    An optimizer that adds noise, such as `optax.noisy_sgd`, begins with one key for all seeds.
    """

    def own(x):
        if not (isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key)):
            return x
        words = jax.random.key_data(x)
        fold = jax.vmap(lambda words: reduce(jax.random.fold_in, words, key))
        return fold(words.reshape(-1, words.shape[-1])).reshape(x.shape)

    return jax.tree.map(own, opt_state)


def train_step(
    rule: Rule,
    optimizer: GradientTransformation,
    state: TrainState,
    batch: Batch,
    images_at_once: int | None = None,
    feedback_optimizer: GradientTransformation | None = None,
) -> tuple[TrainState, dict[str, Any]]:
    """One update of the weights, and of the feedback if it learns: what a loop repeats.

    It is pure: `jax.jit`, `jax.vmap` and `jax.lax.scan` take it. It does all that a rule may need:
    it descends `aux["feedback"]` with a second optimizer state if `rule.learns_feedback`, sets F,
    projects the weights, or takes two steps (see `Rule`). A loop that descends
    `rule.pseudo_gradients` itself must do the same; otherwise learned feedback stays as drawn.

    >>> import jax, optax
    >>> import pepita_jax as pj
    >>> image, label = (x[:64] for x in pj.load_dataset("digits").train)
    >>> rule = pj.PepitaMirrored(pj.mlp((8, 8, 1), 10, hidden=(32,)))
    >>> optimizer = optax.sgd(0.1)
    >>> state = pj.init_state(rule, optimizer, jax.random.key(0))
    >>> step = jax.jit(lambda state, batch: pj.train_step(rule, optimizer, state, batch))
    >>> state, aux = step(state, pj.Batch(image, label, jax.random.key(1)))
    >>> sorted(aux)
    ['accuracy', 'feedback', 'loss']

    Args:
        rule: any rule.
        optimizer: any optax transformation.
        state: the `TrainState` before, as from `init_state`.
        batch: a `Batch`.
        images_at_once: size of the pieces in which a batch is taken, see `by_pieces`; None: the
            whole batch.
        feedback_optimizer: an optax transformation for feedback that learns; None: as for the
            weights.

    Returns:
        The state after the step, and the rule's `aux`: `loss` and `accuracy`, measured before it.

    Raises:
        UserError: the images, labels or weights do not fit the network; the rule draws noise and
            the batch has no key; its feedback has an optimizer but does not learn; or what the rule
            gives does not fit the weights.
    """
    of_feedback = optimizer_of_feedback(rule, optimizer, feedback_optimizer)
    pseudo_gradients, aux = by_pieces(rule, state.params, state.feedback, batch, images_at_once)
    params, opt_state = step_weights(rule, optimizer, pseudo_gradients, state)
    feedback, feedback_opt_state = state.feedback, state.feedback_opt_state
    if rule.learns_feedback:
        feedback, feedback_opt_state = descend(
            of_feedback, aux["feedback"], feedback_opt_state, feedback
        )
    if rule.sets_feedback:
        feedback = aux["feedback_value"]
    state = TrainState(params, feedback, opt_state, feedback_opt_state)
    if rule.steps_per_batch == 2:
        pseudo_gradients, _ = rule.second_pseudo_gradients(params, feedback, batch, aux)
        check_like("the second pseudo-gradients", pseudo_gradients, "weights", params)
        params, opt_state = step_weights(rule, optimizer, pseudo_gradients, state)
        state = TrainState(params, feedback, opt_state, feedback_opt_state)
    return state, aux


def step_weights(
    rule: Rule, optimizer: GradientTransformation, pseudo_gradients: Weights, state: TrainState
) -> tuple[Weights, Any]:
    """One step of the weights' optimizer, after which the rule projects them."""
    params, opt_state = descend(optimizer, pseudo_gradients, state.opt_state, state.params)
    return rule.project(params), opt_state


def by_pieces(
    rule: Rule, params: Weights, F: Feedback, batch: Batch, images_at_once: int | None
) -> Updates:
    """The rule's pseudo-gradients and `aux`, as means over equal pieces of the batch.

    A CPU's cache holds a convolution's activities of a piece, but not those of a batch.

    Args:
        rule: any rule. One that does not split batches takes the batch whole. So does one of two
            steps per batch, which share what is drawn and what is passed on.
        params, F, batch: see `Rule.pseudo_gradients`.
        images_at_once: size of a piece, a divisor of the batch's; None: the batch is one piece.
            Pieces draw dropout and noise from keys of their own.

    Raises:
        UserError: the size does not divide the batch's, or the rule gives no such updates.
    """
    is_split = rule.splits_batches and rule.steps_per_batch == 1
    if images_at_once is None or images_at_once == len(batch.label) or not is_split:
        return checked_updates(rule, params, F, batch)
    num_pieces, rest = divmod(len(batch.label), images_at_once)
    require(rest == 0, f"images_at_once must divide {len(batch.label)}, got {images_at_once}")
    split = lambda x: x.reshape(num_pieces, images_at_once, *x.shape[1:])
    keys = None if batch.key is None else jax.random.split(batch.key, num_pieces)
    pieces = Batch(split(batch.image), split(batch.label), keys)
    of_piece = lambda piece: checked_updates(rule, params, F, piece)
    shapes = jax.eval_shape(of_piece, jax.tree.map(lambda x: x[0], pieces))
    zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    add = lambda sums, piece: (jax.tree.map(jnp.add, sums, of_piece(piece)), None)
    sums, _ = jax.lax.scan(add, zeros, pieces)
    return jax.tree.map(lambda x: x / num_pieces, sums)


def descend(
    optimizer: GradientTransformation, updates: Any, opt_state: Any, weights: Any
) -> tuple[Any, Any]:
    """One step of an optimizer. Returns the new weights and its new state."""
    chex.assert_trees_all_equal_shapes_and_dtypes(updates, weights)
    updates, opt_state = optimizer.update(updates, opt_state, weights)
    return optax.apply_updates(weights, updates), opt_state

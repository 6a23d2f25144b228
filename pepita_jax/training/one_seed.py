"""Training, written for one seed and one device; `many_seeds.py` runs many side by side.

All randomness of a seed comes from its key, and all randomness of an epoch from that key and
the epoch's number, so that nothing depends on how many seeds run or on where training began.
"""

import math
from functools import reduce
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import optax
from jax import Array
from optax import GradientTransformation

from pepita_jax.analysis import alignment
from pepita_jax.data.images import to_float
from pepita_jax.errors import require
from pepita_jax.rules.base import Rule
from pepita_jax.types import Batch, TrainState


def seed_key(seed, k):
    """The key of seed number `k` of a run: it depends on `seed` and `k` alone.

    It is `jax.random.key(seed)` as JAX makes it by default, but for settings that would change it.
    """
    words = jnp.array([0, seed], jnp.uint32)
    return jax.random.fold_in(jax.random.wrap_key_data(words, impl="threefry2x32"), k)


def init_state(rule: Rule, optimizer: GradientTransformation, key: Array) -> TrainState:
    """Draws the weights and the feedback of one seed, with the state of an optimizer for each.

    >>> import jax, optax
    >>> import pepita_jax as pj
    >>> rule = pj.DFA(pj.mlp((8, 8, 1), 10, hidden=(32,)))
    >>> state = pj.init_state(rule, optax.sgd(0.1), jax.random.key(0))
    >>> [W.shape for W in state.params], [B.shape for B in state.feedback]
    ([(64, 32), (32, 10)], [(10, 32)])

    Args:
        rule, optimizer: any rule, and any optax transformation.
        key: a random key; `pj.train` gives seed k of `seed` the key `seed_key(seed, k)`.
    """
    params = rule.net.init(jax.random.fold_in(key, 0))
    feedback = rule.init_feedback(jax.random.fold_in(key, 1))
    opt_state = with_own_keys(optimizer.init(params), jax.random.fold_in(key, 4))
    feedback_opt_state = ()
    if rule.learns_feedback:
        feedback_opt_state = with_own_keys(optimizer.init(feedback), jax.random.fold_in(key, 5))
    return TrainState(params, feedback, opt_state, feedback_opt_state)


def with_own_keys(opt_state, key):
    """An optimizer's state with random keys of the seed's own, where it holds any.

    An optimizer that adds noise, such as `optax.noisy_sgd`, begins with one key for all seeds.
    """

    def own(x):
        if not (isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key)):
            return x
        words = jax.random.key_data(x)
        fold = jax.vmap(lambda words: reduce(jax.random.fold_in, words, key))
        return fold(words.reshape(-1, words.shape[-1])).reshape(x.shape)

    return jax.tree.map(own, opt_state)


class Plan(NamedTuple):
    """What is drawn for one epoch.

    Attributes:
        order: a fresh permutation of the examples as `[steps, B]`; the last incomplete batch is
            dropped.
        key: of its steps' dropout and noise.
    """

    order: jax.Array
    key: jax.Array


def plan_epoch(key, epoch, num_examples, batch_size):
    """The `Plan` of an epoch of the seed with this key."""
    epoch_key = jax.random.fold_in(jax.random.fold_in(key, 2), epoch)
    steps = num_examples // batch_size
    order = jax.random.permutation(jax.random.fold_in(epoch_key, 0), num_examples)
    order = order[: steps * batch_size].reshape(steps, batch_size)
    return Plan(order, jax.random.fold_in(epoch_key, 1))


def train_step(
    rule: Rule,
    optimizer: GradientTransformation,
    state: TrainState,
    batch: Batch,
    images_at_once: int | None = None,
) -> tuple[TrainState, dict[str, Any]]:
    """One update of the weights, and of the feedback if it learns: what a loop repeats.

    It is pure: `jax.jit`, `jax.vmap` and `jax.lax.scan` take it. A loop that descends
    `rule.pseudo_gradients` itself must, where `rule.learns_feedback`, descend `aux["feedback"]`
    too, from F and with a second optimizer state; without that F stays as it was drawn.

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
        rule, optimizer: any rule, and any optax transformation.
        state: the `TrainState` before, as from `init_state`.
        batch: a `Batch`.
        images_at_once: size of the pieces that a batch is taken in, see `by_pieces`; None: the
            whole batch.

    Returns:
        The state after the step, and the rule's `aux`: `loss` and `accuracy`, measured before it.

    Raises:
        UserError: the images, labels or weights do not fit the network, or the rule draws noise
            and the batch has no key.
    """
    weights = state.params, state.feedback
    if images_at_once is None:
        pseudo_gradients, aux = rule.pseudo_gradients(*weights, batch)
    else:
        pseudo_gradients, aux = by_pieces(rule, *weights, batch, images_at_once)
    params, opt_state = descend(optimizer, pseudo_gradients, state.opt_state, state.params)
    feedback, feedback_opt_state = state.feedback, state.feedback_opt_state
    if rule.learns_feedback:
        feedback, feedback_opt_state = descend(
            optimizer, aux["feedback"], feedback_opt_state, feedback
        )
    return TrainState(params, feedback, opt_state, feedback_opt_state), aux


def by_pieces(rule, params, F, batch, images_at_once):
    """The rule's pseudo-gradients and `aux`, as means over equal pieces of the batch.

    A convolution's activities at all positions stay in a CPU's cache for a piece, not for a batch.

    Args:
        rule: a rule; one that does not split batches takes the batch whole.
        params, F, batch: see `Rule.pseudo_gradients`.
        images_at_once: size of a piece, a divisor of the batch's. Pieces draw dropout and noise
            from keys of their own.

    Raises:
        UserError: the size is no divisor.
    """
    if images_at_once == len(batch.label) or not rule.splits_batches:
        return rule.pseudo_gradients(params, F, batch)
    num_pieces, rest = divmod(len(batch.label), images_at_once)
    require(rest == 0, f"images_at_once must divide {len(batch.label)}, got {images_at_once}")
    split = lambda x: x.reshape(num_pieces, images_at_once, *x.shape[1:])
    keys = None if batch.key is None else jax.random.split(batch.key, num_pieces)
    pieces = Batch(split(batch.image), split(batch.label), keys)
    of_piece = lambda piece: rule.pseudo_gradients(params, F, piece)
    shapes = jax.eval_shape(of_piece, jax.tree.map(lambda x: x[0], pieces))
    zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    add = lambda sums, piece: (jax.tree.map(jnp.add, sums, of_piece(piece)), None)
    sums, _ = jax.lax.scan(add, zeros, pieces)
    return jax.tree.map(lambda x: x / num_pieces, sums)


def descend(optimizer, updates, opt_state, weights):
    """One step of an optimizer. Returns the new weights and its new state."""
    chex.assert_trees_all_equal_shapes_and_dtypes(updates, weights)
    updates, opt_state = optimizer.update(updates, opt_state, weights)
    return optax.apply_updates(weights, updates), opt_state


def train_steps(rule, optimizer, state, plan, start, stop, data, images_at_once=None):
    """Steps `start` to `stop` of an epoch. Returns the state and sums of loss and accuracy.

    Weights that are not finite stay so, by the steps' own arithmetic.

    Args:
        state: the `TrainState` before.
        plan: of the epoch, from `plan_epoch`.
        start, stop: range of steps; traced, so that any range shares one compiled program.
        data: `(image, label)` of the whole training set; an image may be a row of numbers.
        images_at_once: size of the pieces of a batch, see `train_step`.
    """
    image, label = data

    def step(i, carry):
        state, sums = carry
        chosen, key = plan.order[i], jax.random.fold_in(plan.key, i)
        batch = Batch(as_input(rule.net, image[chosen]), label[chosen], key)
        state, aux = train_step(rule, optimizer, state, batch, images_at_once)
        return state, {name: sums[name] + aux[name] for name in sums}

    sums = {"loss": jnp.zeros(()), "accuracy": jnp.zeros(())}
    return jax.lax.fori_loop(start, stop, step, (state, sums))


def is_finite(state):
    """Whether all weights and feedback of a state are finite."""
    arrays = jax.tree.leaves((state.params, state.feedback))
    return jnp.array([jnp.isfinite(x).all() for x in arrays]).all()


def count_correct(net, params, data, images_at_once):
    """How many of `(image, label)` are classified correctly; no dropout."""
    image, label = data

    def is_correct(example):
        image, label = as_input(net, example[0][None]), example[1][None]
        return net.is_correct(net.apply(params, image), label)[0]

    # One by one, in batches: this needs no special case for the incomplete last batch.
    return jax.lax.map(is_correct, (image, label), batch_size=images_at_once).sum()


def measure_alignment(rule, state, key, data):
    """The `Alignment` on `(image, label)` as one batch; no dropout, the same noise every time."""
    image, label = data
    batch = Batch(as_input(rule.net, image), label, jax.random.fold_in(key, 3))
    return alignment(rule.net.without_dropout(), rule, state.params, state.feedback, batch)


def as_input(net, image):
    """Images or rows, `[B, ...]`, as the network sees them: `[B, H, W, C]`, see `to_float`."""
    size = math.prod(net.input_shape)
    rows = image.reshape(len(image), -1)[:, :size]
    return to_float(rows).reshape(len(image), *net.input_shape)

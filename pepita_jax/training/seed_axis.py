"""The one place where the seed axis is made: it maps each function of `one_seed.py` over all seeds.

Every mapped function is compiled once. Its seed axis is shared out over the devices. On each device
the seeds go by `vmap`, one after another, or in chunks. The devices' shares are equal and need
nothing of one another. If there are too few seeds, the last one is trained again, as padding.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from pepita_jax.rules.base import Rule
from pepita_jax.training import one_seed, one_step, tuning
from pepita_jax.types import TrainState


def seed_mesh(num_seeds: int, devices: Sequence[jax.Device]) -> tuple[Mesh, int]:
    """The devices that share `num_seeds` seeds, without those that would not shorten the work.

    Returns:
        Their `Mesh`, and the number of seeds per device. If the devices hold more seeds than there
        are, the last seed fills them up.
    """
    seeds_per_device = -(-num_seeds // len(devices))
    num_used = -(-num_seeds // seeds_per_device)
    return Mesh(devices[:num_used], ("seed",)), seeds_per_device


def platform_of(mesh: Mesh) -> str:
    """`cpu`, `gpu` or `tpu`: the platform of a mesh's devices, which need not be here."""
    return mesh.devices.flat[0].platform


def over_seeds(
    function: Callable, num_mapped: int, seeds_at_once: int, mesh: Mesh, updates: bool = False
) -> Callable:
    """Maps `function` over the leading axis of its first `num_mapped` arguments.

    Args:
        function: written for one seed.
        num_mapped: number of arguments with a seed axis, in equal shares on the devices. All seeds
            share the other arguments.
        seeds_at_once: layout of a device's seeds. 0: all by vmap; 1: one after another; k: in
            chunks of k.
        mesh: devices, see `seed_mesh`.
        updates: whether the first result is the first argument, changed. Each seed's result then
            overwrites its old value, so that there is no second copy of all seeds.
    """

    def all_by_vmap(per_seed, shared):
        return jax.vmap(lambda seed: function(*seed, *shared))(per_seed)

    def in_chunks(per_seed, shared):
        size = None if seeds_at_once == 1 else seeds_at_once
        return jax.lax.map(lambda seed: function(*seed, *shared), per_seed, batch_size=size)

    def in_place(per_seed, shared):
        (states, *others), num_seeds = per_seed, len(jax.tree.leaves(per_seed)[0])

        def chunk(states, start, size):
            take = lambda x: jax.lax.dynamic_slice_in_dim(x, start, size)
            seeds = jax.tree.map(take, (states, *others))
            if size == 1:
                new = function(*jax.tree.map(lambda x: x[0], seeds), *shared)
                new, more = jax.tree.map(lambda x: x[None], new)
            else:
                new, more = all_by_vmap(seeds, shared)
            put = lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, start, 0)
            return jax.tree.map(put, states, new), more

        size = min(seeds_at_once, num_seeds)
        whole = num_seeds // size * size
        starts = jnp.arange(0, whole, size)
        states, more = jax.lax.scan(lambda s, i: chunk(s, i, size), states, starts)
        more = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), more)
        if rest := num_seeds - whole:
            states, last = chunk(states, whole, rest)
            more = jax.tree.map(lambda *x: jnp.concatenate(x), more, last)
        return states, more

    laid_out = all_by_vmap if seeds_at_once == 0 else in_place if updates else in_chunks
    specs = (PartitionSpec("seed"), PartitionSpec())
    # Without check_vma, since a loop may start from zeros that are the same on all devices.
    on_all = jax.shard_map(laid_out, mesh=mesh, in_specs=specs, out_specs=specs[0], check_vma=False)
    return lambda *arguments: on_all(arguments[:num_mapped], arguments[num_mapped:])


def same_for_all(
    rule: Rule, optimizer: Any, feedback_optimizer: Any, numbers: Any
) -> tuple[Rule, Any, Any]:
    """What every seed is trained with, if no sweep varies it."""
    del numbers
    return rule, optimizer, feedback_optimizer


def init_states(
    rule: Rule,
    optimizer: Any,
    keys: Array,
    numbers: Any = None,
    vary: Callable = same_for_all,
    feedback_optimizer: Any = None,
) -> TrainState:
    """The initial `TrainState` of every seed, seed axis first."""

    def init(key, numbers):
        *of_weights, of_feedback = vary(rule, optimizer, feedback_optimizer, numbers)
        return one_step.init_state(*of_weights, key, of_feedback)

    return jax.vmap(init)(keys, numbers)


class Compiled(NamedTuple):
    """The stages of training for all seeds, each compiled at its first call.

    `vary` makes a seed's rule and optimizers from `numbers`.

    Attributes:
        init: `(keys, numbers) -> states`.
        plan_epoch: `(keys, epoch) -> plans`.
        train_steps: `(states, numbers, plans, start, stop, data) -> (states, sums)`; it overwrites
            the buffers of the states that it gets.
        count_correct: `(states, numbers, data) -> [S]`.
        are_finite: `states -> [S]`.
        measure_alignment: `(states, numbers, keys, data) -> Alignment`.
    """

    init: Callable
    plan_epoch: Callable
    train_steps: Callable
    count_correct: Callable
    are_finite: Callable
    measure_alignment: Callable


@lru_cache(maxsize=4)  # runs share it if they agree in all that is compiled
def compile_stages(
    rule: Rule,
    optimizer: Any,
    vary: Callable,
    num_examples: int,
    batch_size: int,
    seeds_at_once: int,
    images_at_once: int | None,
    mesh: Mesh,
    feedback_optimizer: Any = None,
    batching: one_seed.Batching = one_seed.Batching(),  # noqa: B008  it never changes
) -> Compiled:
    """The stages of training. `SeedTrainer` explains the arguments; `mesh` holds its devices."""
    by_seed = NamedSharding(mesh, PartitionSpec("seed"))
    of_seed = partial(vary, rule, optimizer, feedback_optimizer)
    plan_epoch = partial(
        one_seed.plan_epoch, num_examples=num_examples, batch_size=batch_size, batching=batching
    )

    def train_steps(state, numbers, *arguments):
        *of_weights, of_feedback = of_seed(numbers)
        more = images_at_once, of_feedback, batching.augment
        return one_seed.train_steps(*of_weights, state, *arguments, *more)

    evaluated, images = tuning.evaluation_layout(
        platform_of(mesh), images_at_once is not None, seeds_at_once, batch_size
    )
    count_correct = lambda state, numbers, data: one_seed.count_correct(
        of_seed(numbers)[0], state.params, state.feedback, data, images
    )
    measure_alignment = lambda state, numbers, key, data: one_seed.measure_alignment(
        of_seed(numbers)[0], state, key, data
    )
    init = partial(init_states, rule, optimizer, vary=vary, feedback_optimizer=feedback_optimizer)
    # Results must lie on the devices as arguments do, or the next call would compile again.
    return Compiled(
        jax.jit(init, out_shardings=by_seed),
        jax.jit(jax.vmap(plan_epoch, in_axes=(0, None)), out_shardings=by_seed),
        jax.jit(
            over_seeds(train_steps, 3, seeds_at_once, mesh, updates=True),
            donate_argnums=0,
            out_shardings=by_seed,
        ),
        jax.jit(over_seeds(count_correct, 2, evaluated, mesh)),
        jax.jit(jax.vmap(one_seed.is_finite)),
        jax.jit(over_seeds(measure_alignment, 3, seeds_at_once, mesh)),
    )

"""The stages of training for all seeds, each one compiled program.

Each is written for one seed in `one_seed.py`; here it gets a leading axis of lanes: the seeds, and
the last of them again where the devices' equal shares must be filled up.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax

from pepita_jax.training import one_seed
from pepita_jax.training.layouts import (
    default_images_at_once,
    default_seeds_at_once,
    evaluation_layout,
    over_seeds,
    platform_of,
    seed_bytes,
)


class PerSeed(NamedTuple):
    """What the seeds that are trained side by side differ in, seed axis first.

    Attributes:
        keys: `[S]`.
        numbers: `{field: [S]}` of the configuration, for a recipe; see `recipe.py`.
    """

    keys: jax.Array
    numbers: dict[str, jax.Array]


def init_states(recipe, lanes):
    """The initial `TrainState` of every seed, seed axis first."""
    return jax.vmap(lambda lane: one_seed.init_state(*recipe(lane.numbers), lane.keys))(lanes)


def default_layout(recipe, lanes, batch_size, seeds_per_device, platform):
    """The layout of a device's seeds that suits the kind of device, the network and the batch."""

    def bytes_of_a_seed():
        states = jax.eval_shape(partial(init_states, recipe), lanes)
        state = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), states)
        return seed_bytes(recipe.rule.net, batch_size, state)

    return default_seeds_at_once(platform, seeds_per_device, bytes_of_a_seed)


class Programs:
    """The stages of training for all seeds, compiled at their first call.

    Args:
        recipe, batch_size: see `SeedTrainer`.
        num_examples: of the training set.
        layout: of a device's seeds, see `over_seeds`.
        mesh: devices.
        by_seed: sharding of arrays with a leading seed axis.
    """

    def __init__(self, recipe, num_examples, batch_size, layout, mesh, by_seed):
        net = recipe.rule.net
        plan_epoch = partial(one_seed.plan_epoch, num_examples=num_examples, batch_size=batch_size)
        self.images_at_once = default_images_at_once(platform_of(mesh), net, batch_size)

        def train_steps(state, lane, *arguments):
            made = recipe(lane.numbers)
            return one_seed.train_steps(
                *made, state, *arguments, images_at_once=self.images_at_once
            )

        def measure_alignment(state, lane, data):
            rule, _ = recipe(lane.numbers)
            return one_seed.measure_alignment(rule, state, lane.keys, data)

        in_pieces = self.images_at_once is not None
        evaluated, images = evaluation_layout(platform_of(mesh), in_pieces, layout, batch_size)
        count_correct = partial(one_seed.count_correct, net, images_at_once=images)

        self.init = jax.jit(partial(init_states, recipe), out_shardings=by_seed)
        self.plan_epoch = jax.jit(jax.vmap(plan_epoch, in_axes=(0, None)), out_shardings=by_seed)
        # What comes out must lie as what goes in, or the next call would compile again.
        self.train_steps = jax.jit(
            over_seeds(train_steps, 3, layout, mesh, updates=True),
            donate_argnums=0,
            out_shardings=by_seed,
        )
        self.count_correct = jax.jit(over_seeds(count_correct, 1, evaluated, mesh))
        self.are_finite = jax.jit(jax.vmap(one_seed.is_finite))
        self.measure_alignment = jax.jit(over_seeds(measure_alignment, 2, layout, mesh))


# Runs that differ in nothing that is compiled, as in a sweep over seeds, share their programs.
programs = lru_cache(maxsize=4)(Programs)

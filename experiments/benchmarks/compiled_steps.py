"""The step of training that would run on chips that are not there, compiled for them."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from experiments.benchmarks.costs import Cost, collectives, read_costs
from pepita_jax.training import one_seed
from pepita_jax.training.layouts import platform_of, seed_mesh
from pepita_jax.training.many_seeds import PROGRESS_UPDATES, ROW, seed_keys
from pepita_jax.training.programs import PerSeed, Programs, default_layout, init_states
from pepita_jax.training.recipe import Fixed


@dataclass(frozen=True)
class CompiledSteps:
    """A compiled `train_steps`, and what can be read off it, for one chip.

    Attributes:
        num_seeds: of the chip.
        seeds_at_once: their layout, see `over_seeds`.
        state: bytes that a seed keeps from step to step.
        arguments: bytes of states, the training set and the epoch's order.
        temporaries: further bytes during the steps.
        step: `Cost` of a step of all its seeds.
        call: `Cost` of what a call does besides, which is a fifth of an epoch's steps.
        steps_per_call: of those.
        collectives: operations by which chips wait for one another.
        program: its text.
    """

    num_seeds: int
    seeds_at_once: int
    state: int
    arguments: int
    temporaries: int
    step: Cost
    call: Cost
    steps_per_call: int
    collectives: list[str]
    program: str

    @property
    def a_step(self):
        """`Cost` of a step of all seeds, with its share of the call's."""
        return self.step.plus(self.call, 1 / self.steps_per_call)


def compile_steps(rule, optimizer, image, num_images, batch_size, num_seeds, devices, at_once=None):
    """Compiles `train_steps` of some seeds for some devices, which need not be there.

    Args:
        rule, optimizer: see `SeedTrainer`.
        image: shape of one.
        num_images: of the training set, which is of uint8.
        batch_size: images a step.
        num_seeds: of all devices.
        devices: that share them.
        at_once: layout of the seeds, see `over_seeds`; None: the default's.
    """
    recipe = Fixed(rule, optimizer)
    mesh, share = seed_mesh(num_seeds, devices)
    by_seed, everywhere = (NamedSharding(mesh, PartitionSpec(*s)) for s in (["seed"], []))
    lanes = jax.eval_shape(lambda: PerSeed(seed_keys(0, share * mesh.size), {}))
    if at_once is None:
        at_once = default_layout(recipe, lanes, batch_size, share, platform_of(mesh))
    programs = Programs(recipe, num_images, batch_size, at_once, mesh, by_seed)

    place = lambda tree, where: jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), tree
    )
    array = lambda shape, kind: jax.ShapeDtypeStruct(shape, kind, sharding=everywhere)
    lanes = place(lanes, by_seed)
    states = place(jax.eval_shape(lambda lanes: init_states(recipe, lanes), lanes), by_seed)
    plan = lambda keys: jax.vmap(lambda key: one_seed.plan_epoch(key, 1, num_images, batch_size))(
        keys
    )
    plan = place(jax.eval_shape(plan, lanes.keys), by_seed)
    size = math.prod(image)
    rows = (num_images, size + -size % ROW)
    data = array(rows, jnp.uint8), array(rows[:1], jnp.int32)
    number = array((), jnp.int32)
    compiled = programs.train_steps.lower(states, lanes, plan, number, number, data).compile()
    return _read(compiled, states, share, at_once, rows, num_images // batch_size)


def _read(compiled, states, share, at_once, rows, steps_per_epoch):
    program, memory = compiled.as_text(), compiled.memory_analysis()
    turns = max(1, share // at_once) if at_once else 1
    step, call = read_costs(program, turns, rows)
    num_lanes = len(jax.tree.leaves(states)[0])
    state = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(states)) // num_lanes
    return CompiledSteps(
        share,
        at_once,
        state,
        memory.argument_size_in_bytes,
        memory.temp_size_in_bytes,
        step,
        call,
        -(-steps_per_epoch // PROGRESS_UPDATES),
        collectives(program),
        program,
    )

"""The training step compiled for chips that this machine need not have."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from experiments.benchmarks.costs import Cost, collectives, read_costs
from pepita_jax.training import tuning
from pepita_jax.training.many_seeds import PROGRESS_UPDATES, ROW, seed_keys
from pepita_jax.training.seed_axis import (
    compile_stages,
    init_states,
    platform_of,
    same_for_all,
    seed_mesh,
)


@dataclass(frozen=True)
class CompiledSteps:
    """A compiled `train_steps`, and the figures of it, for one chip.

    A call of the program takes a fifth of an epoch's steps.

    Attributes:
        num_seeds: number of seeds on the chip.
        seeds_at_once: their layout, see `over_seeds`.
        state: bytes that a seed keeps from step to step.
        arguments: bytes of states, the training set and the epoch's order.
        temporaries: further bytes during the steps.
        step: `Cost` of one step of all seeds on the chip.
        call: `Cost` of what a call does beside its steps.
        steps_per_call: number of steps per call.
        collectives: operations by which chips wait for one another.
        program: text of the compiled program.
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
        """`Cost` of one step of all seeds, with its share of the call."""
        return self.step.plus(self.call, 1 / self.steps_per_call)


def compile_steps(rule, optimizer, image, num_images, batch_size, num_seeds, devices, at_once=None):
    """Compiles `train_steps` of some seeds for some devices, which this machine need not have.

    Args:
        rule, optimizer: see `SeedTrainer`.
        image: shape of one image.
        num_images: number of images in the training set, which is uint8.
        batch_size: images per step.
        num_seeds: number of seeds on all devices together.
        devices: the devices that share the seeds.
        at_once: layout of the seeds, see `over_seeds`; None: the default layout.
    """
    mesh, share = seed_mesh(num_seeds, devices)
    by_seed, everywhere = (NamedSharding(mesh, PartitionSpec(*s)) for s in (["seed"], []))
    states = jax.eval_shape(lambda: init_states(rule, optimizer, seed_keys(0, share * mesh.size)))
    if at_once is None:
        at_once = tuning.choose_seeds_at_once(
            platform_of(mesh), rule.net, batch_size, share, lambda: states
        )
    in_pieces = tuning.default_images_at_once(platform_of(mesh), rule.net, batch_size)
    stages = compile_stages(
        rule, optimizer, same_for_all, num_images, batch_size, at_once, in_pieces, mesh
    )

    place = lambda tree, where: jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), tree
    )
    array = lambda shape, kind: jax.ShapeDtypeStruct(shape, kind, sharding=everywhere)
    keys = jax.eval_shape(lambda: seed_keys(0, share * mesh.size))
    plans = place(jax.eval_shape(stages.plan_epoch, keys, 1), by_seed)
    states = place(states, by_seed)
    size = math.prod(image)
    rows = (num_images, size + -size % ROW)
    data = array(rows, jnp.uint8), array(rows[:1], jnp.int32)
    number = array((), jnp.int32)
    compiled = stages.train_steps.lower(states, None, plans, number, number, data).compile()
    return _read(compiled, states, share, at_once, rows, num_images // batch_size)


def _read(compiled, states, share, at_once, rows, steps_per_epoch):
    program, memory = compiled.as_text(), compiled.memory_analysis()
    turns = max(1, share // at_once) if at_once else 1
    step, call = read_costs(program, turns, rows)
    num_padded = len(jax.tree.leaves(states)[0])
    state = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(states)) // num_padded
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

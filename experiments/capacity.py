"""How many runs fit on machines that are not at hand, and how long they take: on paper.

    python -m experiments.capacity [--rule=pepita] [--optimizer=sgd] [--epochs=100]

For each network of the paper's Table 2: what a run (one setting, one seed) keeps in memory, what it
needs besides during a step, and the bytes that a step reads and writes, all from the program that
is compiled here for 4 and for 8 runs by vmap; and a step's operations, counted as in the benchmark.
A step takes as long as the slower of the two, operations at half of a machine's peak and bytes at
half of its bandwidth. JAX takes three quarters of a device's memory.
"""

from typing import NamedTuple

import jax
from absl import flags

from configs.presets import MODEL
from experiments import cli
from experiments.benchmarks.operations import step_operations
from experiments.benchmarks.steps import Case, random_data
from pepita_jax.many_seeds import SeedTrainer, seed_keys
from pepita_jax.optimizers import OPTIMIZERS, build_optimizer
from pepita_jax.recipe import Fixed
from pepita_jax.rules import RULES, build_rule
from pepita_jax.tables import markdown_table

RULE = flags.DEFINE_enum("rule", "pepita", sorted(RULES), "learning rule")
OPTIMIZER = flags.DEFINE_enum("optimizer", "sgd", sorted(OPTIMIZERS), "sgd has its momentum")
EPOCHS = flags.DEFINE_integer("epochs", 100, "of a run", 1)
NUM_IMAGES = {"mnist": 60_000, "cifar": 50_000}
REACHED, TAKEN = 0.5, 0.75
MANY = 100_000


class Machine(NamedTuple):
    """One device; its maker's figures.

    Attributes:
        flops: peak in that format, operations a second.
        bandwidth: of its memory, bytes a second.
        memory: bytes.
        count: devices of the whole machine.
    """

    flops: float
    bandwidth: float
    memory: float
    count: int = 1


MACHINES = {
    "H100 SXM, float32": Machine(67e12, 3.35e12, 80e9),
    "8 x H100 SXM, float32": Machine(67e12, 3.35e12, 80e9, 8),
    "TPU v5e, 256 chips, bfloat16": Machine(197e12, 0.82e12, 16e9, 256),
}


class Needs(NamedTuple):
    """What one run needs.

    Attributes:
        state: bytes kept from step to step.
        working: further bytes during a step.
        traffic: bytes read and written in a step.
        operations: of a step.
        steps: of the whole run.
    """

    state: float
    working: float
    traffic: float
    operations: float
    steps: int


def main(arguments):
    cli.refuse(arguments)
    needs = {(model, shape): measure_needs(model, shape) for model in MODEL for shape in NUM_IMAGES}
    rows = [("network", "state, MB", "working, MB", "traffic a step, MB", "MFLOP a step", "steps")]
    rows += [(_name(network), *_describe_needs(need)) for network, need in needs.items()]
    print(f"{RULE.value}, {OPTIMIZER.value}, a run:\n\n{markdown_table(rows)}\n")
    headings = ("runs at once a device", "µs a step and run", f"hours for {MANY:,} runs")
    rows = [("machine", "network", *headings)]
    rows += [
        (name, _name(network), *_describe_use(machine, need))
        for name, machine in MACHINES.items()
        for network, need in needs.items()
    ]
    print(markdown_table(rows))


def measure_needs(model, shape):
    """The `Needs` of a run of the rule with a network of Table 2."""
    case = Case(model, shape, RULE.value)
    few, many = (compile_step(case, num_runs) for num_runs in (4, 8))
    a_run = lambda read: (read(many) - read(few)) / 4
    return Needs(
        a_run(lambda step: step.memory_analysis().output_size_in_bytes),
        a_run(lambda step: step.memory_analysis().temp_size_in_bytes),
        a_run(lambda step: step.cost_analysis()["bytes accessed"]),
        step_operations(RULE.value, case.net, case.batch_size),
        EPOCHS.value * (NUM_IMAGES[shape] // case.batch_size),
    )


def compile_step(case, num_runs):
    """One step of some runs, by vmap on one device."""
    momentum = {"momentum": 0.9} if OPTIMIZER.value == "sgd" else {}
    optimizer = build_optimizer(OPTIMIZER.value, 1e-3, **momentum)
    recipe, keys = Fixed(build_rule(RULE.value, case.net), optimizer), seed_keys(0, num_runs)
    data = random_data(case.shape, case.batch_size)
    trainer = SeedTrainer(recipe, data, case.batch_size, keys, 0, jax.devices()[:1])
    states, order = jax.eval_shape(trainer.init), trainer.draw_order(trainer.lanes.keys, 1)
    lowered = trainer.train_steps.lower(states, trainer.lanes, order, 1, 0, 1, trainer.data)
    return lowered.compile()


def seconds_a_step(machine, need):
    """Of one run among many, on one device."""
    return max(need.operations / machine.flops, need.traffic / machine.bandwidth) / REACHED


def _name(network):
    return f"{network[0]}, {network[1]}"


def _describe_needs(need):
    sizes = (need.state, need.working, need.traffic, need.operations)
    return (*(f"{size / 1e6:.1f}" for size in sizes), f"{need.steps:,}")


def _describe_use(machine, need):
    fit = TAKEN * machine.memory / (need.state + need.working)
    step = seconds_a_step(machine, need)
    hours = MANY * need.steps * step / machine.count / 3600
    return f"{fit:,.0f}", f"{1e6 * step:.0f}", f"{hours:,.1f}"


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

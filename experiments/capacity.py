"""Estimates how many seeds fit on an accelerator that you do not have, and what a step costs there.

    python -m experiments.capacity --target=tpu-v5e --rule=pepita

The command needs no device, but it needs the target's compiler: the extra tpu (libtpu) or gpu (CUDA
12's libraries). It takes a minute or two.

It compiles the training step for the accelerator, for each network of the paper's Table 2: with 10
and with 20 seeds on one chip, and with 40 seeds on four chips. MFLOP are counted from the rule's
equations. The other figures come from the compiled functions. The number of seeds that fit is
extrapolated in a straight line.

Bytes count whole operands and results outside the chip's fast memory. Cycles are the TPU compiler's
own estimate. Both serve to compare compiled functions; they do not predict times.
"""

import sys
from typing import NamedTuple

from absl import flags

from configs.presets import BATCH_SIZE, MODEL
from experiments.benchmarks import chips
from experiments.benchmarks.compiled_steps import compile_steps
from experiments.benchmarks.operations import step_operations
from experiments.benchmarks.steps import SHAPES
from experiments.command_line import cli
from pepita_jax.networks.models import build_network
from pepita_jax.rules import RULES, build_rule
from pepita_jax.tables import markdown_table
from pepita_jax.training.optimizers import OPTIMIZERS, build_optimizer

TARGET = flags.DEFINE_enum("target", "tpu-v5e", sorted(chips.CHIPS), "accelerator to compile for")
RULE = flags.DEFINE_enum("rule", "pepita", sorted(RULES), "learning rule")
OPTIMIZER = flags.DEFINE_enum(
    "optimizer", "sgd", sorted(OPTIMIZERS), "optimizer; sgd has momentum 0.9"
)
NUM_IMAGES = {"mnist": 60_000, "cifar": 50_000}
FEW, MANY, CHIPS_TOGETHER = 10, 20, 4
COLUMNS = (
    "network", "seeds at once", "state per seed, MB", "working memory per seed, MB",
    "seeds per chip", "MB per step", "MFLOP per step", "M cycles per step", "collectives",
)  # fmt: skip


class Needs(NamedTuple):
    """What training a network needs.

    Attributes:
        few, many: `CompiledSteps` of ten and of twenty seeds on one chip.
        shared: `CompiledSteps` of forty seeds on four chips.
        operations: of one step of one seed.
    """

    few: object
    many: object
    shared: object
    operations: float

    @property
    def a_seed(self):
        """Bytes that each further seed takes."""
        return (_memory(self.many) - _memory(self.few)) / (MANY - FEW)

    def seeds_that_fit(self, memory):
        """The number of seeds that fit on a chip with so many bytes of memory."""
        shared_by_all = _memory(self.few) - FEW * self.a_seed
        return int((memory - shared_by_all) / self.a_seed)


def main(arguments):
    cli.refuse(arguments)
    devices, chip = chips.devices(TARGET.value), chips.CHIPS[TARGET.value]
    rows = [COLUMNS]
    for model in MODEL:
        for shape in NUM_IMAGES:
            print(f"compiling {model}, {shape}", file=sys.stderr)
            rows.append((f"{model}, {shape}", *describe(measure(model, shape, devices), chip)))
    print(f"{TARGET.value}, {RULE.value}, {OPTIMIZER.value}; a step of {FEW} seeds:\n")
    print(markdown_table(rows))


def measure(model, shape, devices):
    """The `Needs` of the rule with a network of Table 2."""
    net = build_network(model, input_shape=SHAPES[shape], num_classes=10, **MODEL[model])
    momentum = {"momentum": 0.9} if OPTIMIZER.value == "sgd" else {}
    optimizer = build_optimizer(OPTIMIZER.value, 1e-3, **momentum)
    of = (build_rule(RULE.value, net), optimizer, SHAPES[shape], NUM_IMAGES[shape])
    compiled = lambda num_seeds, chips, *layout: compile_steps(
        *of, BATCH_SIZE[model], num_seeds, chips, *layout
    )
    few = compiled(FEW, devices[:1])
    many = compiled(MANY, devices[:1], few.seeds_at_once)
    shared = compiled(FEW * CHIPS_TOGETHER, devices[:CHIPS_TOGETHER])
    return Needs(few, many, shared, step_operations(of[0], BATCH_SIZE[model]))


def describe(needs, chip):
    few = needs.few
    return (
        str(few.seeds_at_once or "all"),
        f"{few.state / 1e6:.1f}",
        f"{(needs.a_seed - few.state) / 1e6:.1f}",
        f"{needs.seeds_that_fit(chip.memory):,}",
        f"{few.a_step.traffic / 1e6:,.1f}",
        f"{FEW * needs.operations / 1e6:,.0f}",
        f"{few.a_step.cycles / 1e6:.2f}" if few.a_step.cycles else "-",
        ", ".join({*few.collectives, *needs.shared.collectives}) or "none",
    )


def _memory(compiled):
    return compiled.arguments + compiled.temporaries


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

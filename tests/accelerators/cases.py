"""Networks with every rule, compiled for chips."""

from functools import cache

import optax

from configs.presets import BATCH_SIZE, MODEL, USUAL
from experiments.benchmarks.compiled_steps import compile_steps
from experiments.benchmarks.steps import SHAPES
from pepita_jax import build_network, build_rule

NUM_IMAGES = {"mnist": 60_000, "cifar": 50_000}
SEEDS = 10  # of a chip


@cache
def compiled(devices, model, shape, rule, num_chips=1):
    """`CompiledSteps` of a rule with SGD and momentum, of ten seeds per chip."""
    net = network(model, shape)
    return compile_steps(
        build_rule(rule, net),
        optax.sgd(0.1, momentum=0.9),
        SHAPES[shape],
        NUM_IMAGES[shape],
        BATCH_SIZE.get(model, USUAL["batch_size"]),
        SEEDS * num_chips,
        list(devices[:num_chips]),
    )


def network(model, shape):
    return build_network(model, input_shape=SHAPES[shape], num_classes=10, **MODEL.get(model, {}))

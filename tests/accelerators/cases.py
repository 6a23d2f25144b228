"""Networks with every rule, compiled for chips."""

from functools import cache, partial

import optax

from configs.presets import BATCH_SIZE, MODEL, MODEL_OF_RULE, USUAL
from experiments.benchmarks.compiled_steps import compile_steps
from experiments.benchmarks.steps import SHAPES
from pepita_jax import RULES, build_network, build_rule

NUM_IMAGES = {"mnist": 60_000, "cifar": 50_000}
SEEDS = 10  # of a chip


@cache
def compiled(devices, model, shape, rule, num_chips=1):
    """`CompiledSteps` of a rule with SGD and momentum, of ten seeds per chip."""
    net = network(model, shape, rule)
    return compile_steps(
        build_rule(rule, net),
        optax.sgd(0.1, momentum=0.9),
        SHAPES[shape],
        NUM_IMAGES[shape],
        BATCH_SIZE.get(model, USUAL["batch_size"]),
        SEEDS * num_chips,
        list(devices[:num_chips]),
    )


def network(model, shape, rule="bp"):
    """The model with ReLU and softmax, or with what the rule's preset has if it needs that."""
    build = partial(build_network, model, input_shape=SHAPES[shape], num_classes=10)
    net = build(**MODEL.get(model, {}))
    if RULES[rule].unsuited(net):
        net = build(**MODEL.get(model, {}) | MODEL_OF_RULE.get(rule, {}))
    return net


def those_on(*models, rules=RULES):
    """`(rule, model)` of all rules on those of the models that suit them."""
    suits = lambda rule, model: not RULES[rule].unsuited(network(model, "cifar", rule))
    return [(rule, model) for rule in rules for model in models if suits(rule, model)]

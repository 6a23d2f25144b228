"""The training step of every rule, compiled for TPU v5e: no chip waits for another, none is slow.

Budgets are the compiler's own estimates of cycles, in millions, and MiB of temporaries. Between
today's figures and these lies room for another version of the compiler, not for a copy of the data.
"""

import math

import pytest

from configs.presets import BATCH_SIZE, USUAL
from experiments.benchmarks.operations import step_operations
from pepita_jax import RULES, build_rule
from tests.accelerators.cases import SEEDS, compiled, network, those_on

MIB = 2**20
BUDGETS = {  # (cycles per step of ten seeds, temporaries)
    ("mlp", "mnist"): (0.25, 60),
    ("mlp", "cifar"): (1.0, 60),
    ("conv", "mnist"): (1.75, 60),
    ("conv", "cifar"): (1.3, 60),
}
# What is no product takes time too.
MORE_THAN_OPERATIONS = {
    ("weight_mirror", "conv"): 2.0,  # noise for every input
    ("pepita_mirrored", "conv"): 2.0,  # the same
    ("pepita_mirrored", "mlp"): 2.0,
    ("forward_dfa", "conv"): 2.5,  # noise for every unit before pooling: without it, 1.1
    ("forward_gradient", "conv"): 2.5,  # the same: without it, 1.1
    ("shallow", "mlp"): 2.0,  # the state of idle weights
    ("gevb", "mlp"): 3.5,  # a seed's state does not fit the fast memory, and goes through the main
    ("contrastive_hebbian", "conv"): 1.7,  # sweeps through the activities before pooling
    ("equilibrium_propagation", "conv"): 1.7,  # the same
}
# Passes' inputs and activities that a step holds: those of phases, with slopes and directions.
# Compiled for half as many images these rules hold as much on lenet5.
PASSES = {
    ("predictive_coding", "lenet5"): 3,
    ("forward_gradient", "lenet5"): 4.5,
    ("equilibrium_propagation", "lenet5"): 6,
    ("contrastive_hebbian", "lenet5"): 8,
    ("contrastive_hebbian", "frenkel_conv"): 2.1,
}


SOME = ("bp", "pepita", "weight_mirror")  # that differ, of what takes long for all of them


def slow_unless(is_fast, cases):
    """The same cases, of which the others are slow."""
    return [
        case if is_fast(*case) else pytest.param(*case, marks=pytest.mark.slow) for case in cases
    ]


@pytest.mark.parametrize(
    ("rule", "model"),
    slow_unless(lambda rule, model: model == "mlp" or rule in SOME, those_on("mlp", "conv")),
)
def test_every_rule_compiles_without_collectives(v5e, rule, model):
    steps = compiled(tuple(v5e), model, "cifar", rule, num_chips=4)
    assert steps.collectives == []
    assert steps.num_seeds == 10
    assert steps.temporaries < max(60 * MIB, 2 * steps.state)  # gevb's weights are ten times bp's


LARGE = ["frenkel_conv", "vgg5", "vgg8b"]  # which take the compiler minutes


@pytest.mark.parametrize(
    ("rule", "model"),
    slow_unless(lambda rule, model: model == "lenet5" and rule in SOME, those_on("lenet5", *LARGE)),
)
def test_every_rule_compiles_on_the_field_s_networks(v5e, rule, model):
    """Without a copy of the data: temporaries are less than some passes' inputs and activities."""
    steps = compiled(tuple(v5e), model, "cifar", rule)
    assert steps.collectives == []
    assert steps.num_seeds == 10
    net = network(model, "cifar", rule)
    units = sum(math.prod(layer.activity_shape) for layer in net.layers)
    a_pass = BATCH_SIZE.get(model, USUAL["batch_size"]) * (math.prod(net.input_shape) + units) * 4
    assert steps.temporaries < PASSES.get((rule, model), 2) * SEEDS * a_pass


@pytest.mark.parametrize(("model", "shape"), BUDGETS)
def test_pepita_keeps_its_budgets(v5e, model, shape):
    steps = compiled(tuple(v5e), model, shape, "pepita")
    cycles, temporaries = BUDGETS[model, shape]
    assert 0 < steps.a_step.cycles < 1e6 * cycles
    assert steps.temporaries < temporaries * MIB


@pytest.mark.parametrize(
    ("rule", "model"),
    slow_unless(
        lambda rule, model: rule in (*SOME, "pepita_mirrored", "shallow"),
        those_on("mlp", "conv", rules=[name for name in RULES if name != "bp"]),
    ),
)
def test_a_rule_takes_little_more_than_bp_where_its_operations_do(v5e, rule, model):
    found, bp = (compiled(tuple(v5e), model, "cifar", name).a_step.cycles for name in (rule, "bp"))
    net, batch_size = network(model, "cifar", rule), BATCH_SIZE[model]
    operations = [step_operations(build_rule(name, net), batch_size) for name in (rule, "bp")]
    more = max(1.0, operations[0] / operations[1])
    assert found < MORE_THAN_OPERATIONS.get((rule, model), 1.5) * more * bp


@pytest.mark.parametrize("model", ["mlp", "conv"])
def test_the_training_set_is_on_a_chip_once(v5e, model):
    steps = compiled(tuple(v5e), model, "cifar", "pepita")
    images, labels, orders = 50_000 * 3072, 4 * 50_000, 10 * 4 * 50_000
    data = steps.arguments - 10 * steps.state
    assert images + labels + orders <= data < 1.1 * (images + labels + orders)

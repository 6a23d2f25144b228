"""The training step compiled for an NVIDIA H100, where its compiler is installed."""

import re

import pytest

from tests.accelerators.cases import NUM_IMAGES, compiled, those_on

MIB = 2**20
TEMPORARIES = {("mlp", "mnist"): 40, ("conv", "cifar"): 320}  # MiB


@pytest.mark.parametrize(("model", "shape"), TEMPORARIES)
def test_pepita_keeps_its_budgets(h100, model, shape):
    steps = compiled(tuple(h100), model, shape, "pepita")
    assert steps.temporaries < TEMPORARIES[model, shape] * MIB
    assert 10 * steps.state < steps.a_step.traffic < 1.3 * 2**30
    assert not re.findall(rf"\[\d+,{NUM_IMAGES[shape]},", steps.program)


@pytest.mark.parametrize(("rule", "model"), those_on("mlp", "conv"))
def test_every_rule_compiles_without_collectives(h100, rule, model):
    steps = compiled(tuple(h100), model, "cifar", rule, 4)
    assert steps.collectives == []

"""The training step compiled for an NVIDIA H100, where its compiler is installed."""

import re

import pytest

from tests.accelerators.cases import NUM_IMAGES, compiled, those_on

# Temporaries and traffic of a step in MiB; with conv they hold the patches of ten seeds.
BUDGETS = {("mlp", "mnist"): (40, 300), ("conv", "cifar"): (475, 2400)}


@pytest.mark.parametrize(("model", "shape"), BUDGETS)
def test_pepita_keeps_its_budgets(h100, model, shape):
    steps = compiled(tuple(h100), model, shape, "pepita")
    temporaries, traffic = BUDGETS[model, shape]
    assert steps.temporaries < temporaries * 2**20
    assert 10 * steps.state < steps.a_step.traffic < traffic * 2**20
    assert not re.findall(rf"\[\d+,{NUM_IMAGES[shape]},", steps.program)


@pytest.mark.parametrize(("rule", "model"), those_on("mlp", "conv"))
def test_every_rule_compiles_without_collectives(h100, rule, model):
    steps = compiled(tuple(h100), model, "cifar", rule, 4)
    assert steps.collectives == []

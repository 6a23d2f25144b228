"""Python objects in a configuration: they come back equal, and what is not the same shows."""

import json
from dataclasses import dataclass

import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.runs.objects import as_plain, describe_optimizer, describe_rule, rebuild_rule

NETS = {
    "bias": pj.mlp((4, 4, 1), 3, hidden=(4,), bias=True),
    "lenet5": pj.build_network("lenet5", input_shape=(28, 28, 1), num_classes=10),
    "mlp": pj.mlp((4, 4, 1), 3, hidden=[8, 5], dropout=0.1, activation="tanh", normalize=True),
    "conv": pj.conv((8, 8, 3), 5, channels=(2, 3), kernel_size=3, padding=1, hidden=(4,)),
}
SGD, MOMENTUM = optax.sgd(0.1), optax.sgd(0.1, momentum=0.5)


SUITED = [(n, of) for n, rule in pj.RULES.items() for of in NETS if not rule.unsuited(NETS[of])]


@pytest.mark.parametrize(("name", "net_name"), SUITED)
def test_every_rule_on_every_kind_of_network_comes_back_from_json(name, net_name):
    rule = pj.build_rule(name, NETS[net_name])
    assert rebuild_rule(json.loads(json.dumps(describe_rule(rule)))) == rule


@dataclass(frozen=True)
class Own(pj.BP):
    """A rule that this module defines; one of its options may be anything."""

    option: object = 1.0


@pytest.mark.parametrize("option", [1, None, "word", (1, (2, 3)), np.float32(0.5)])
def test_a_rule_of_one_s_own_comes_back_with_plain_options(option):
    rule = Own(NETS["mlp"], option=option)
    assert rebuild_rule(json.loads(json.dumps(describe_rule(rule)))) == rule


def test_an_option_that_is_a_function_or_no_number_is_described_alike_in_every_process():
    described = describe_rule(Own(NETS["mlp"], option=lambda: 0))
    name = "test_an_option_that_is_a_function_or_no_number_is_described_alike_in_every_process"
    assert described["rule"]["option"] == {"repr": f"<function {name}.<locals>.<lambda>>"}
    with pytest.raises(pj.UserError, match=r"lambda>> is no plain value\); give it"):
        rebuild_rule(described)
    assert as_plain(float("nan")) == {"repr": "nan"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class": "pepita_jax.networks.network.Gone"}, "has no attribute 'Gone'"),
        ({"class": "gone.Network"}, "No module named 'gone'"),
        ({"class": "os.system", "command": "false"}, "os.system is no dataclass"),
        ({"class": "pepita_jax.data.own.Path"}, "Path is no dataclass"),
        ({"new": 1}, "unexpected keyword argument 'new'"),
    ],
)
def test_a_network_that_is_not_there_any_more_is_a_user_s_error(change, message):
    config = describe_rule(pj.BP(NETS["mlp"]))
    config["model"]["network"] |= change
    with pytest.raises(pj.UserError, match=message):
        rebuild_rule(config)


@pytest.mark.parametrize(
    ("optimizer", "states", "first_steps"),
    [
        (SGD, "EmptyState", [-0.1, -0.05, -0.1 / 3]),
        (MOMENTUM, "TraceState, EmptyState", [-0.1, -0.1, -0.05 - 0.1 / 3]),
        (
            optax.chain(optax.add_decayed_weights(0.5), SGD),
            "EmptyState",
            [-5.1, -0.05 - 0.05 * 94.9, -0.1 / 3 - 0.05 * 90.105],  # of weights of 100
        ),
        (optax.adam(0.1), "ScaleByAdamState, EmptyState", None),
        (
            optax.sgd(lambda count: 1 / (count + 1)),
            "EmptyState, ScaleByScheduleState",
            [-1, -1 / 4, -1 / 9],
        ),
        (optax.sgd(np.inf), "EmptyState", [{"repr": "-inf"}] * 3),
    ],
)
def test_an_optimizer_is_described_by_its_first_steps(optimizer, states, first_steps):
    described = describe_optimizer(optimizer, NETS["mlp"].init)
    assert described["states"] == states
    if first_steps and isinstance(first_steps[0], dict):
        assert described["first_steps"] == first_steps
    elif first_steps:
        np.testing.assert_allclose(described["first_steps"], first_steps, rtol=1e-3)
    else:
        assert described["first_steps"][0] == pytest.approx(-0.1, rel=1e-3)


def test_an_optimizer_of_nothing_is_described():
    """Feedback that learns is nothing where a network has no hidden layer."""
    described = describe_optimizer(optax.sgd(0.1), lambda key: ())
    assert described["first_steps"] == [0, 0, 0]


def test_a_small_weight_decay_shows():
    describe = lambda decay: describe_optimizer(
        optax.adamw(1e-3, weight_decay=decay), NETS["mlp"].init
    )
    assert describe(5e-5) == describe(5e-5) != describe(6e-5)

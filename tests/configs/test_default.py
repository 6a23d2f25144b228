"""The configuration: complete, explained, and buildable for every choice."""

import re

import pytest

from configs.default import FIELDS, get_config
from pepita_jax import DATASETS, RULES, UserError
from pepita_jax.build import build_rule_on_network, build_scheduled_optimizer
from pepita_jax.network import MODELS

CHOICES = [f"{r},{m},{d}" for r in RULES for m in MODELS for d in DATASETS]


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_can_be_built(choice):
    config = get_config(choice).to_dict()
    assert build_rule_on_network(config).net.num_classes == DATASETS[config["dataset"]].num_classes
    build_scheduled_optimizer(config)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_field_is_explained(choice):
    explained = FIELDS.keys() | {"rule.*"}
    for field in flatten(get_config(choice).to_dict()):
        group = field.rpartition(".")[0]
        assert field in explained or f"{group}.*" in explained, field


@pytest.mark.parametrize("rule", RULES)
def test_every_option_of_a_rule_is_explained_in_its_docstring(rule):
    options = set(get_config(f"{rule},mlp,digits").rule.to_dict()) - {"name"}
    explained = set(re.findall(r"^        (\w+):", RULES[rule].__doc__, re.M))
    assert options == explained


def flatten(config, prefix=""):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def test_the_contract_s_defaults():
    config = get_config("pepita,mlp,mnist")
    assert (config.seed, config.num_seeds, config.num_epochs, config.batch_size) == (0, 10, 100, 64)
    assert (config.optimizer.name, config.optimizer.momentum) == ("sgd", 0.9)
    assert (config.optimizer.learning_rate, config.schedule.epochs) == (0.1, (60,))
    assert (config.rule.feedback_scale, config.model.hidden, config.model.dropout) == (
        0.05, (1024,), 0.1,
    )  # fmt: skip


@pytest.mark.parametrize("choice", ["bp,mlp", "", "bp,mlp,digits,adam"])
def test_three_words_are_needed(choice):
    with pytest.raises(UserError, match="RULE,MODEL,DATASET"):
        get_config(choice)

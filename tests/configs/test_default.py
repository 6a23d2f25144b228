"""The configuration: complete, explained, and buildable for every choice."""

import re
from inspect import cleandoc

import numpy as np
import pytest

from configs.default import FIELDS, as_plain, get_config
from pepita_jax import DATASETS, RULES, UserError
from pepita_jax.networks.models import MODELS
from pepita_jax.runs.configured import build_configured_optimizer, build_rule_on_network

CHOICES = [(m, d) for m in MODELS for d in DATASETS]


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_can_be_built(choice):
    model, dataset = choice
    for rule in RULES:
        config = get_config(f"{rule},{model},{dataset}").to_dict()
        if model == "chain":
            config["model"]["layers"] = "dense 3"
        build_configured_optimizer(config)
        bp = build_rule_on_network(config | {"rule": {"name": "bp"}})
        if RULES[rule].unsuited(bp.net):
            continue
        assert build_rule_on_network(config).net.num_classes == DATASETS[dataset].num_classes


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_explained(model):
    explained = FIELDS.keys() | {"rule.*"}
    for rule in RULES:
        for field in flatten(get_config(f"{rule},{model},mnist").to_dict()):
            group = field.rpartition(".")[0]
            assert field in explained or f"{group}.*" in explained, field


@pytest.mark.parametrize("rule", RULES)
def test_every_option_of_a_rule_is_explained_in_its_docstring(rule):
    options = set(get_config(f"{rule},mlp,digits").rule.to_dict()) - {"name"}
    explained = set(re.findall(r"^    (\w+):", cleandoc(RULES[rule].__doc__), re.M))
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


# Table 2, App. A of the paper, read column by column.
TABLE_2 = {
    ("mlp", "mnist"): {"bp": 0.1, "fa": 0.1, "drtp": 0.01, "pepita": 0.1, "batch": 64,
                       "decay": (60,), "dropout": 0.1},
    ("mlp", "cifar10"): {"bp": 0.01, "fa": 0.001, "drtp": 0.001, "pepita": 0.01, "batch": 64,
                         "decay": (60, 90), "dropout": 0.1},
    ("mlp", "cifar100"): {"bp": 0.01, "fa": 0.001, "drtp": 0.001, "pepita": 0.01, "batch": 64,
                          "decay": (60, 90), "dropout": 0.1},
    ("conv", "mnist"): {"bp": 0.1, "fa": 0.1, "drtp": 0.01, "pepita": 0.1, "batch": 100,
                        "decay": (10, 30, 50), "dropout": 0.0},
    ("conv", "cifar10"): {"bp": 0.01, "fa": 0.01, "drtp": 0.01, "pepita": 0.1, "batch": 100,
                          "decay": (10, 30, 50), "dropout": 0.0},
    ("conv", "cifar100"): {"bp": 0.01, "fa": 0.01, "drtp": 0.01, "pepita": 0.1, "batch": 100,
                           "decay": (10, 30, 50), "dropout": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("rule", ["bp", "fa", "drtp", "pepita"])
@pytest.mark.parametrize("column", TABLE_2)
def test_every_column_is_table_2_s(column, rule):
    (model, dataset), paper = column, TABLE_2[column]
    config = get_config(f"{rule},{model},{dataset}")
    assert config.optimizer.learning_rate == paper[rule]
    assert config.batch_size == paper["batch"]
    assert config.schedule.epochs == paper["decay"]
    assert config.model.dropout == paper["dropout"]
    assert config.num_epochs == 100
    units = ("tanh", "sigmoid") if rule == "drtp" else ("relu", "softmax")
    assert (config.model.activation, config.model.output) == units


def test_what_table_2_lacks_is_trained_as_its_nearest_kin():
    for model in MODELS:
        fashion = get_config(f"pepita,{model},fashion_mnist").to_dict()
        assert {**fashion, "dataset": "mnist"} == get_config(f"pepita,{model},mnist").to_dict()
    for model in ("mlp", "conv"):
        shallow, pepita = (
            get_config(f"{r},{model},cifar10").to_dict() for r in ("shallow", "pepita")
        )
        assert {**shallow, "rule": None} == {**pepita, "rule": None}


def test_a_new_model_or_data_set_needs_no_settings(monkeypatch):
    monkeypatch.setitem(MODELS, "wide", lambda shape, classes, *, hidden=(9,): None)
    monkeypatch.setitem(DATASETS, "other", DATASETS["cifar10"])
    for choice in ("bp,wide,digits", "bp,wide,mnist", "pepita,mlp,other"):
        config = get_config(choice)
        assert config.optimizer.learning_rate > 0
        assert "hidden" in config.model


@pytest.mark.parametrize("model", ["mlp", "conv"])
def test_a_new_data_set_is_trained_as_mnist_or_cifar10(model, monkeypatch):
    for kin in ("mnist", "cifar10"):
        monkeypatch.setitem(DATASETS, "new", DATASETS[kin])
        new = get_config(f"fa,{model},new").to_dict()
        assert {**new, "dataset": kin} == get_config(f"fa,{model},{kin}").to_dict()


def test_a_path_becomes_absolute_and_may_have_commas(tmp_path, monkeypatch):
    image, label = np.zeros((6, 8, 8), np.uint8), np.arange(6) % 2
    monkeypatch.chdir(tmp_path)
    np.savez("a, b.npz", x_train=image, y_train=label, x_test=image, y_test=label)
    config = get_config("bp,mlp,a, b.npz")
    assert config.dataset == str(tmp_path / "a, b.npz")
    assert config.optimizer.learning_rate == get_config("bp,mlp,mnist").optimizer.learning_rate
    assert as_plain(config, [])["data"]["num_classes"] == 2


@pytest.mark.parametrize("choice", ["bp,mlp", "", "bp,mlp,digits,adam"])
def test_three_words_are_needed(choice):
    with pytest.raises(UserError, match="RULE,MODEL,DATASET"):
        get_config(choice)

"""The benchmark: its counts against counts by hand, and that all of it can be run."""

import json

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import benchmark
from experiments.benchmarks import epochs, machine, steps
from experiments.benchmarks.operations import step_operations
from pepita_jax import RULES, build_network
from tests.experiments.commands import assert_refused, command


@pytest.mark.parametrize(
    ("rule", "beyond_forward_and_update"),
    [
        ("bp", 2 * 64 * 1024 * 10),
        ("dfa", 2 * 64 * 10 * 1024),
        ("pepita", 2 * 10 * 784 * 1024 + 2 * 64 * 10 * (784 + 1024)),
    ],
)
def test_operations_of_one_hidden_layer(rule, beyond_forward_and_update):
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10, hidden=(1024,))
    forward = 2 * 64 * (784 * 1024 + 1024 * 10)
    assert step_operations(rule, net, 64) == 2 * forward + beyond_forward_and_update


@pytest.mark.parametrize("rule", RULES)
def test_operations_of_every_rule_are_counted(rule):
    net = build_network("conv", input_shape=(28, 28, 1), num_classes=10)
    forward = 2 * 100 * (24 * 24 * 25 * 32 + 12 * 12 * 32 * 10)
    assert forward < step_operations(rule, net, 100) < 4 * forward


def test_everything_is_measured_and_kept(monkeypatch, tmp_path, capsys):
    for module, name, value in (
        (machine, "SIDE", 64),
        (machine, "COPIED", 1000),
        (steps, "NETWORKS", {"mlp": {"hidden": (8,)}}),
        (steps, "STEPS", {"mlp": 2}),
        (steps, "BLOCKS", 1),
        (epochs, "NUM_TRAIN", {"mnist": 128}),
        (epochs, "NUM_TEST", 10),
        (benchmark, "MANY", 2),
    ):
        monkeypatch.setattr(module, name, value)
    flags.FLAGS.mark_as_parsed()
    file = tmp_path / "new" / "figures.json"
    with flagsaver.flagsaver(only=["mnist", "pepita"], json=str(file)):
        benchmark.main([])
    figures = json.loads(file.read_text())
    assert [row["rule"] for row in figures["steps"]] == ["bp", "pepita"]
    assert len(figures["layouts"]) == 6
    assert figures["epochs"][0]["steps an epoch"] == 2
    assert "A step and seed: mlp, mnist" in capsys.readouterr().out


def test_unknown_words_are_refused():
    assert_refused(command("benchmark", "--only=mlp,nothing"), "nothing")

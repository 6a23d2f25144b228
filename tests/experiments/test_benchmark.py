"""The benchmark: its counts against counts by hand, and that all of it can be run."""

import json
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from configs.presets import MODEL
from experiments import benchmark
from experiments.benchmarks import epochs, growth, machine, steps
from experiments.benchmarks.operations import operations, step_operations
from pepita_jax import UserError, build_network, build_rule
from pepita_jax.networks.layers import Conv
from tests.experiments.commands import assert_refused, command

FORWARD = 2 * 64 * (784 * 1024 + 1024 * 10)
PEPITA = 2 * 10 * 784 * 1024 + 2 * 64 * 10 * (784 + 1024)
UPPER = 2 * 64 * 1024 * 10


@pytest.mark.parametrize(
    ("rule", "beyond_forward_and_update"),
    [
        ("bp", UPPER),
        ("dfa", UPPER),
        ("pepita", PEPITA),
        ("pepita_hebbian", PEPITA + FORWARD),
        ("pepita_mirrored", PEPITA + 2 * FORWARD + 2 * 10 * (784 * 1024 + 1024 * 10)),
        # A sweep goes up and down once; 20 free sweeps, two nudged phases of 10.
        ("equilibrium_propagation", UPPER * 2 * (20 + 2 * 10)),
        # 10 free sweeps after a forward pass, 10 sweeps of the change, which only go down. Both
        # rules have a second product of the last layer; the first needs no scores to begin with.
        ("contrastive_hebbian", UPPER * (2 * 10 + 10 + 1)),
    ],
)
def test_operations_of_one_hidden_layer(rule, beyond_forward_and_update):
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10, hidden=(1024,))
    assert step_operations(build_rule(rule, net), 64) == 2 * FORWARD + beyond_forward_and_update


@pytest.mark.parametrize(
    ("rule", "filters", "spread", "back"),
    [("shallow", 0, 0, 0), ("bp", 1, 0, 1), ("dfa", 1, 1, 0), ("local_error", 1, 2, 0)],
)
def test_operations_of_a_convolution(rule, filters, spread, back):
    net = build_network("conv", input_shape=(28, 28, 1), num_classes=10)
    first, top = (2 * 100 * n for n in (24 * 24 * 25 * 32, 12 * 12 * 32 * 10))
    to_classes = 2 * 100 * 24 * 24 * 32 * 10  # from the filters at all positions
    wanted = (1 + filters) * first + (2 + back) * top + spread * to_classes
    assert step_operations(build_rule(rule, net), 100) == wanted


def test_operations_of_signals_through_convolutions():
    net = build_network("lenet5", input_shape=(28, 28, 1), num_classes=10)
    first, *upper = (n.num_positions * math.prod(n.weight_shape) for n in net.layers)
    of_biases = sum(n.units for n in net.layers)  # their updates
    wanted = 2 * 64 * (2 * first + 3 * sum(upper) + of_biases)
    assert step_operations(build_rule("bp", net), 64) == wanted


def test_operations_of_the_way_back_through_padding():
    layer = Conv(4, 3, padding=2).on((6, 6, 2))
    d, W = jnp.zeros((1, *layer.activity_shape)), jnp.zeros(layer.weight_shape)
    assert layer.activity_shape == (8, 8, 4)
    assert operations(jax.make_jaxpr(layer.backward)(d, W).jaxpr) == 2 * 8 * 8 * 3 * 3 * 2 * 4


def test_of_a_choice_the_longer_way_counts():
    x, W = jnp.zeros((3, 5)), jnp.zeros((5, 5))
    program = lambda x, W: jax.lax.cond(x[0, 0] > 0, lambda: x @ W, lambda: x)
    assert operations(jax.make_jaxpr(program)(x, W).jaxpr) == 2 * 3 * 5 * 5


def test_a_loop_counts_as_often_as_it_runs_and_what_is_not_used_not_at_all():
    x, W = jnp.zeros((3, 5)), jnp.zeros((5, 5))

    def program(x, W):
        looped = jax.lax.fori_loop(0, 7, lambda i, x: x @ W, x)
        _ = jnp.exp(x) @ W
        return jax.jit(lambda x: x @ W[:, :2])(looped)

    count = operations(jax.make_jaxpr(program)(x, W).jaxpr)
    assert count == 7 * 2 * 3 * 5 * 5 + 2 * 3 * 5 * 2

    def endless(x):
        return jax.lax.while_loop(lambda x: x[0, 0] < 1, lambda x: x @ W, x)

    with pytest.raises(ValueError, match="length of a loop"):
        operations(jax.make_jaxpr(endless)(x).jaxpr)


@pytest.mark.slow
def test_everything_is_measured_and_kept(monkeypatch, tmp_path, capsys):
    for module, name, value in (
        (machine, "SIDE", 64),
        (machine, "COPIED", 1000),
        (steps, "STEPS", {"mlp": 2}),
        (steps, "BLOCKS", 1),
        (epochs, "NUM_TRAIN", {"mnist": 128}),
        (epochs, "NUM_TEST", 10),
        (growth, "AXES", {"seeds": {n: {"num_seeds": n} for n in (1, 2)}}),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setitem(MODEL, "mlp", {"hidden": (8,), "dropout": 0.1})
    flags.FLAGS.mark_as_parsed()
    file = tmp_path / "new" / "figures.json"
    with flagsaver.flagsaver(only=["mlp", "mnist", "pepita"], full=True, json=str(file)):
        benchmark.main([])
    figures = json.loads(file.read_text())
    assert [row["rule"] for row in figures["steps"]] == ["bp", "pepita"]
    assert len(figures["layouts"]) == 6
    assert figures["epochs"][0]["steps an epoch"] == 2
    starts = figures["starts"][0]
    assert starts["imports, s"] < starts["second start, s"] < starts["first start, s"]
    assert [row["size"] for row in figures["growth"]] == [1, 2]
    assert file.with_suffix(".png").exists()
    assert "| mlp   | mnist | pepita |" in capsys.readouterr().out


def test_blocks_take_turns_and_their_first_calls_do_not_count(monkeypatch):
    """Medians of the calls after the first, in turn."""
    monkeypatch.setattr(steps, "BLOCKS", 3)
    calls, returned = [], {"a": iter([9, 1, 5, 2]), "b": iter([0, 4, 4, 8])}

    def block(name):
        calls.append(name)
        return next(returned[name])

    found = steps.block_seconds({name: partial(block, name) for name in returned})
    np.testing.assert_array_equal(found["a"], [1, 5, 2])
    assert steps.milliseconds(found["a"]) == 2000
    assert steps.ratio(found["a"], found["b"]) == 1 / 4
    assert calls == ["a", "b"] * 4


@pytest.mark.parametrize(("model", "rule"), [("mlp", "burst_propagation"), ("conv", "gevb")])
def test_a_rule_that_no_network_suits_is_refused_before_anything_is_measured(model, rule):
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(only=[model, "mnist", rule]):
        with pytest.raises(UserError, match=f"--only: {rule} needs .* no network to be measured"):
            benchmark.main([])


def test_what_is_compared_on_all_networks_suits_them_all(monkeypatch):
    """`forward_forward` suits mlp, and not conv."""
    monkeypatch.setattr(benchmark, "matrix_peak", lambda: 1e9)
    monkeypatch.setattr(benchmark.importlib.util, "find_spec", lambda name: None)  # no PyTorch
    compared = []
    for name in ("compare_layouts", "measure_starts"):
        monkeypatch.setattr(benchmark, name, lambda *case: compared.append(case[-1]))
    for name in ("compare_rules", "measure_epoch", "bandwidth"):
        monkeypatch.setattr(benchmark, name, lambda *_: 1e9)
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(only=["mlp", "conv", "mnist", "forward_forward"]):
        for _ in benchmark.measure():
            pass
    assert set(compared) == {"bp"}


def test_unknown_words_are_refused():
    assert_refused(command("benchmark", "--only=mlp,nothing"), "nothing")

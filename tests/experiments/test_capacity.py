"""What runs need on paper, against what is known of the networks."""

import math

import pytest
from absl import flags

from experiments import capacity
from experiments.capacity import Machine, Needs, measure_needs, seconds_a_step
from tests.experiments.commands import command


@pytest.fixture(autouse=True)
def defaults():
    flags.FLAGS(["capacity"])


def test_a_run_keeps_its_weights_their_momentum_and_feedback():
    need = measure_needs("mlp", "mnist")
    weights, feedback = 784 * 1024 + 1024 * 10, 784 * 10
    assert need.state == pytest.approx(4 * (2 * weights + feedback), rel=0.01)
    # Gradient, momentum and weights are written once at least, and weights read by three products.
    assert need.traffic > 4 * 6 * weights
    assert need.steps == 100 * math.floor(60_000 / 64)


def test_a_step_takes_as_long_as_the_slower_of_operations_and_bytes():
    need = Needs(state=1, working=1, traffic=100, operations=1000, steps=1)
    assert seconds_a_step(Machine(flops=10, bandwidth=10, memory=1), need) == 200
    assert seconds_a_step(Machine(flops=1000, bandwidth=10, memory=1), need) == 20


@pytest.mark.slow
def test_the_command_prints_every_network_and_machine():
    done = command("capacity")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 * 2 + 4 + 4 * len(capacity.MACHINES)

"""PEPITA with its layers at work side by side, against training one sample after another."""

from collections import Counter

import jax
import numpy as np
import pytest

import pepita_jax as pj
from experiments.studies.pipelining import schedule, train
from tests.cases import make_batch, make_params

NET = pj.mlp((6, 6, 2), 4, hidden=(7, 6, 5), activation="tanh")
RULE = pj.Pepita(NET, feedback_scale=0.5)
NUM_SAMPLES = 6


@pytest.fixture(scope="module")
def setting():
    F = RULE.init_feedback(jax.random.key(3))
    return make_params(NET), F, [make_batch(NET, size=1, key=k) for k in range(NUM_SAMPLES)]


def jobs(pipelined):
    return schedule(len(NET.layers), NUM_SAMPLES, pipelined)


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("pipelined", [True, False])
def test_no_layer_has_two_jobs_in_a_tick_and_passes_go_up_a_layer_a_tick(depth, pipelined):
    found = schedule(depth, 4, pipelined)
    assert max(Counter((job.tick, job.layer) for job in found).values()) == 1
    at = {job[1:]: job.tick for job in found}
    for n in range(4):
        steps = [at[n, l, p] for p in (False, True) for l in range(depth)]
        assert steps == list(range(steps[0], steps[0] + 2 * depth))
    assert len(found) == len(at) == 4 * 2 * depth


def test_each_layer_has_updated_its_weights_before_it_sees_the_next_sample():
    at = {job[1:]: job.tick for job in jobs(pipelined=True)}
    for n in range(NUM_SAMPLES - 1):
        for l in range(len(NET.layers)):
            assert at[n, l, True] < at[n + 1, l, False]


def test_the_pipeline_ends_with_the_bits_of_one_sample_after_another(setting):
    ends = [train(RULE, *setting, jobs(pipelined), 0.1) for pipelined in (True, False)]
    for one, other, start in zip(*ends, setting[0], strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.any(one != start)


def test_one_sample_after_another_is_the_rule_descended(setting):
    params, F, samples = setting
    found, wanted = train(RULE, *setting, jobs(pipelined=False), 0.1), params
    for batch in samples:
        dW, _ = RULE.pseudo_gradients(wanted, F, batch._replace(key=None))
        wanted = jax.tree.map(lambda W, dW: W - 0.1 * dW, wanted, dW)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_with_a_shorter_period_layers_would_be_asked_for_two_jobs():
    """The period of L + 1 ticks is the shortest one that keeps the numbers."""
    depth = len(NET.layers)
    at = {job[1:]: job.tick for job in schedule(depth, 1, pipelined=True)}
    shifted = {(l, tick + depth) for (_, l, p), tick in at.items() if not p}
    busy = {(l, tick) for (_, l, p), tick in at.items() if p}
    assert shifted & busy

"""Many runs in one process, and many seeds in one run."""

import gc
from pathlib import Path

import jax
import pytest

from pepita_jax import build_network, build_rule
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.optimizers import build_optimizer
from tests.cases import make_batch
from tests.reliability.runs import make_config

COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations():
    """A list that grows with each compiled program."""
    seen = []
    listen = lambda event, *_, **__: seen.append(event) if event == COMPILED else None
    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seen
    jax.monitoring.unregister_event_duration_listener(listen)


def run_many(folder, seeds):
    for seed in seeds:  # a batch size of their own: other tests have compiled for others
        run(make_config(num_epochs=1, batch_size=48, seed=seed), folder / str(seed))


def test_runs_that_differ_in_their_seeds_are_compiled_once(tmp_path, compilations):
    run_many(tmp_path, range(2))
    assert compilations
    compilations.clear()
    run_many(tmp_path, range(2, 5))
    assert compilations == []


def memory():
    """Resident memory in MiB."""
    gc.collect()
    status = Path("/proc/self/status").read_text().splitlines()
    (size,) = [int(line.split()[1]) for line in status if line.startswith("VmRSS:")]
    return size / 1024


@pytest.mark.slow
def test_two_hundred_runs_in_one_process(tmp_path, compilations):
    run_many(tmp_path, range(20))
    start = memory()
    compilations.clear()
    for part in range(20, 200, 20):
        run_many(tmp_path, range(part, part + 20))
        print(f"{part + 20} runs: {memory():.0f} MiB, {len(compilations)} compilations")
    assert compilations == []
    assert memory() < start + 20


def temporary_bytes(num_seeds, seeds_at_once):
    """What a step of a small convolutional network needs beside its states and data."""
    net = build_network("conv", input_shape=(16, 16, 1), num_classes=10, channels=(32,))
    data = make_batch(net, size=64)
    trainer = SeedTrainer(
        build_rule("pepita", net), build_optimizer("sgd", 0.1), (data.image, data.label), 32,
        seed_keys(0, num_seeds), seeds_at_once, jax.devices()[:1],
    )  # fmt: skip
    states, plans = jax.eval_shape(trainer.init), trainer.stages.plan_epoch(trainer.keys, 1)
    lowered = trainer.stages.train_steps.lower(states, None, plans, 0, 1, trainer.data)
    state = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(states))
    return lowered.compile().memory_analysis().temp_size_in_bytes - 2 * state


@pytest.mark.slow
def test_a_hundred_seeds_need_no_more_than_a_chunk_of_them():
    chunk, hundred = temporary_bytes(10, 10), temporary_bytes(100, 10)
    assert hundred < 1.5 * chunk
    assert temporary_bytes(100, 0) > 5 * chunk  # what chunks save

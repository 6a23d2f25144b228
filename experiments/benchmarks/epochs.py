"""Wall time of an epoch against its steps, and time of an evaluation."""

import time
from dataclasses import replace

import jax

from experiments.benchmarks.steps import random_data
from pepita_jax.loop import epochs

NUM_TRAIN = {"mnist": 60_000, "cifar": 50_000}
NUM_TEST = 10_000


def measure_epoch(case):
    """A row of seconds of an epoch, its evaluation and its steps; overhead as their share."""
    trainer = replace(case, num_images=NUM_TRAIN[case.shape]).trainer()
    test = random_data(case.shape, NUM_TEST, case.num_classes)
    order = trainer.draw_order(trainer.keys, 1)
    steps = lambda states, stop: trainer.train_steps(
        states, trainer.keys, order, 1, 0, stop, trainer.data
    )
    states, _ = steps(trainer.init(), 1)  # compiles, as does the evaluation
    trainer.evaluate(states, test)

    (epoch,) = epochs(trainer, states, {"test": test}, 1, 1)
    evaluation = _seconds(lambda: trainer.evaluate(epoch.states, test))
    training = _seconds(lambda: steps(epoch.states, trainer.steps_per_epoch))
    return {
        "model": case.model,
        "shape": case.shape,
        "rule": case.rule,
        "epoch, s": epoch.seconds,
        "steps, s": training,
        "evaluation, s": evaluation,
        "overhead": epoch.seconds / training - 1,
        "of it evaluation": evaluation / training,
        "steps an epoch": trainer.steps_per_epoch,
    }


def _seconds(work):
    start = time.perf_counter()
    jax.block_until_ready(work())
    return time.perf_counter() - start

"""Wall time of an epoch, and of the training steps in it."""

import time
from dataclasses import replace

import jax

from experiments.benchmarks.steps import random_data
from pepita_jax.training.loop import epochs

NUM_TRAIN = {"mnist": 60_000, "cifar": 50_000}
NUM_TEST = 10_000


def measure_epoch(case):
    """A row with the seconds of an epoch, its steps and its evaluation.

    The overhead is all but the steps, as a fraction of the steps.
    """
    trainer = replace(case, num_images=NUM_TRAIN[case.shape]).trainer()
    test = random_data(case.shape, NUM_TEST, case.num_classes)
    plan = trainer.stages.plan_epoch(trainer.keys, 1)
    train_steps, numbers = trainer.stages.train_steps, trainer.numbers
    states, _ = train_steps(trainer.init(), numbers, plan, 0, 1, trainer.data)
    trainer.evaluate(states, trainer.replicate(test))  # everything is compiled now

    train_steps, training = _timed(train_steps)
    trainer.stages = trainer.stages._replace(train_steps=train_steps)
    trainer.evaluate, evaluation = _timed(trainer.evaluate)
    (epoch,) = epochs(trainer, states, {"test": test}, 1, 1)
    return {
        "model": case.model,
        "shape": case.shape,
        "rule": case.rule,
        "epoch, s": epoch.seconds,
        "steps, s": sum(training),
        "evaluation, s": sum(evaluation),
        "overhead": epoch.seconds / sum(training) - 1,
        "of it evaluation": sum(evaluation) / sum(training),
        "steps an epoch": trainer.steps_per_epoch,
    }


def _timed(function):
    """The function, and a list to which each call adds its seconds."""
    seconds = []

    def timed(*arguments):
        start = time.perf_counter()
        result = jax.block_until_ready(function(*arguments))
        seconds.append(time.perf_counter() - start)
        return result

    return timed, seconds

"""Wall time of an epoch against its steps, and time of an evaluation."""

import time

import jax

from experiments.benchmarks.steps import BATCH_SIZE, random_data
from pepita_jax.loop import epochs

NUM_TRAIN = {"mnist": 60_000, "cifar": 50_000}
NUM_TEST = 10_000


def epoch_seconds(case):
    """Seconds of an epoch, of its evaluation, and of its steps; overhead as their share."""
    trainer = case.trainer(NUM_TRAIN[case.shape])
    test = random_data(case.shape, NUM_TEST, case.num_classes)
    _, epoch = epochs(trainer, trainer.init(), {"test": test}, 1, 2)  # the first one compiles

    evaluation = _seconds(lambda: trainer.evaluate(epoch.states, test))
    order = trainer.draw_order(trainer.keys, 1)
    states = jax.block_until_ready(epoch.states)
    steps = _seconds(
        lambda: trainer.train_steps(
            states, trainer.keys, order, 1, 0, trainer.steps_per_epoch, trainer.data
        )
    )
    return {
        "epoch, s": epoch.seconds,
        "steps, s": steps,
        "evaluation, s": evaluation,
        "overhead": epoch.seconds / steps - 1,
        "steps an epoch": NUM_TRAIN[case.shape] // BATCH_SIZE[case.model],
    }


def _seconds(work):
    start = time.perf_counter()
    jax.block_until_ready(work())
    return time.perf_counter() - start

"""Time of a training step, a seed."""

import time
from typing import NamedTuple

import jax
import numpy as np
import optax

from pepita_jax import build_network, build_rule
from pepita_jax.many_seeds import SeedTrainer, seed_keys

SHAPES = {"mnist": (28, 28, 1), "cifar": (32, 32, 3)}
NETWORKS = {"mlp": {"hidden": (1024,), "dropout": 0.1}, "conv": {}}  # Table 2
BATCH_SIZE = {"mlp": 64, "conv": 100}
NUM_CLASSES = 10
STEPS = {"mlp": 20, "conv": 5}  # in a block; an epoch's calls take 100 to 200
BLOCKS = 5


class Case(NamedTuple):
    """What is timed: a rule on a network, images of a data set's shape, and a seed axis."""

    model: str
    shape: str
    rule: str
    num_seeds: int
    seeds_at_once: int | None = None
    num_devices: int | None = None
    num_classes: int = NUM_CLASSES

    @property
    def net(self):
        options = {"input_shape": SHAPES[self.shape], "num_classes": self.num_classes}
        return build_network(self.model, **options, **NETWORKS[self.model])

    def trainer(self, num_examples):
        rule = build_rule(self.rule, self.net)
        devices = jax.devices()[: self.num_devices]
        batch_size, keys = BATCH_SIZE[self.model], seed_keys(0, self.num_seeds)
        # A small rate: figures that overflow take longer on some CPUs.
        sgd = optax.sgd(1e-4, momentum=0.9)
        data = random_data(self.shape, num_examples, self.num_classes)
        return SeedTrainer(rule, sgd, data, batch_size, keys, self.seeds_at_once, devices)


def random_data(shape, num_examples, num_classes=NUM_CLASSES):
    """Random `(image, label)`; zeros would be multiplied faster on some machines."""
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (num_examples, *SHAPES[shape]), np.uint8)
    return image, random.integers(0, num_classes, num_examples, np.int32)


def step_seconds(cases):
    """Median seconds of a step and seed, `{case: seconds}`; blocks of all cases take turns."""
    blocks = {case: _block(case) for case in cases}
    seconds = {case: [] for case in cases}
    for _ in range(BLOCKS):
        for case, block in blocks.items():
            seconds[case].append(block())
    return {case: float(np.median(values)) for case, values in seconds.items()}


def _block(case):
    """A function that takes some steps and returns the seconds of a step and seed."""
    steps = STEPS[case.model]
    trainer = case.trainer(steps * BATCH_SIZE[case.model])
    order = trainer.draw_order(trainer.keys, 1)
    states = [trainer.init()]

    def block():
        start = time.perf_counter()
        states[0], _ = jax.block_until_ready(
            trainer.train_steps(states[0], trainer.keys, order, 1, 0, steps, trainer.data)
        )
        return (time.perf_counter() - start) / steps / case.num_seeds

    block()  # compiles
    return block

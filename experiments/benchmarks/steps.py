"""Time of a training step per seed."""

import time
from dataclasses import dataclass

import jax
import numpy as np
import optax

from configs.presets import BATCH_SIZE, MODEL, USUAL
from pepita_jax import build_network, build_rule
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.one_seed import Plan

SHAPES = {"mnist": (28, 28, 1), "cifar": (32, 32, 3)}
STEPS = {"mlp": 20, "conv": 5}  # per block on a CPU; in training a call takes 100 to 200
FEW_STEPS = 2  # the same for the other models
STEPS_ELSEWHERE = 200  # where a step takes microseconds
BLOCKS = 5


@dataclass(frozen=True)
class Case:
    """What is timed: a rule on a model, perhaps with other hidden layers.

    Attributes:
        model, shape: names in `MODELS` and `SHAPES`.
        rule: name of a rule; the model keeps its activation and output, whatever the rule's preset.
        num_seeds: number of seeds that train side by side.
        seeds_at_once: layout of the seed axis; None: the default.
        num_devices: number of devices; None: all.
        num_classes: K.
        hidden: units of each hidden layer; None: as in Table 2.
        num_images: size of the training set; None: as many as a block needs.
    """

    model: str
    shape: str
    rule: str
    num_seeds: int = 10
    seeds_at_once: int | None = None
    num_devices: int | None = None
    num_classes: int = 10
    hidden: tuple[int, ...] | None = None
    num_images: int | None = None

    @property
    def net(self):
        options = dict(MODEL.get(self.model, {}))
        if self.hidden is not None:
            options["hidden"] = self.hidden
        shape = SHAPES[self.shape]
        return build_network(self.model, input_shape=shape, num_classes=self.num_classes, **options)

    @property
    def batch_size(self):
        return BATCH_SIZE.get(self.model, USUAL["batch_size"])

    @property
    def steps(self):
        """Number of steps per block."""
        return (
            STEPS.get(self.model, FEW_STEPS) if jax.default_backend() == "cpu" else STEPS_ELSEWHERE
        )

    def trainer(self):
        num_images = self.num_images or self.steps * self.batch_size
        return SeedTrainer(
            # With a small learning rate nothing overflows, which takes longer on some CPUs.
            build_rule(self.rule, self.net),
            optax.sgd(1e-4, momentum=0.9),
            random_data(self.shape, num_images, self.num_classes),
            self.batch_size,
            seed_keys(0, self.num_seeds),
            self.seeds_at_once,
            jax.devices()[: self.num_devices],
        )

    def block(self):
        """A function that takes some steps and returns the seconds per step and seed."""
        steps, trainer = self.steps, self.trainer()
        random = np.random.default_rng(0)
        # Drawn here, since compiling the trainer's own initialisation takes longer.
        normal = lambda x: random.normal(0, 0.01, x.shape).astype(x.dtype)
        states = [
            jax.device_put(jax.tree.map(normal, jax.eval_shape(trainer.init)), trainer.by_seed)
        ]
        order = random.integers(0, len(trainer.data[0]), (self.num_seeds, steps, self.batch_size))
        plan = Plan(trainer.shard(order.astype(np.int32)), trainer.keys)

        def block():
            start = time.perf_counter()
            states[0], _ = jax.block_until_ready(
                trainer.stages.train_steps(states[0], trainer.numbers, plan, 0, steps, trainer.data)
            )
            return (time.perf_counter() - start) / steps / self.num_seeds

        return block


def random_data(shape, num_examples, num_classes=10):
    """Random `(image, label)`; some machines multiply zeros faster."""
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (num_examples, *SHAPES[shape]), np.uint8)
    return image, random.integers(0, num_classes, num_examples, np.int32)


def case_seconds(cases):
    """Seconds per step and seed of every `Case`, as `block_seconds` gives them."""
    return block_seconds({case: case.block() for case in cases})


def block_seconds(blocks):
    """Calls all functions of `{name: function}` in turn; returns what they return.

    Turns spread noise over all of them. The first calls, which may compile, do not count.

    Returns:
        `{name: [BLOCKS]}`.
    """
    for block in blocks.values():
        block()
    turns = [{name: block() for name, block in blocks.items()} for _ in range(BLOCKS)]
    return {name: np.array([turn[name] for turn in turns]) for name in blocks}


def milliseconds(seconds):
    """The median, in milliseconds."""
    return 1e3 * float(np.median(seconds))


def ratio(seconds, others):
    """The median of the ratios within a turn, when the machine is in the same state for both."""
    return float(np.median(seconds / others))

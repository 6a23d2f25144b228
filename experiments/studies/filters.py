"""What would make PEPITA train filters: changes to the rule, judged on a validation split.

    python -m experiments.studies.filters --images=whitened --hold_norms --update_factor=250

Trains the convolutional network of Table 2 on CIFAR-10, one seed, with the last tenth of the
training set as the validation split. Prints after each epoch the validation accuracy, how far the
filters have moved, and the angle of their update to BP's gradient. The test set is not used.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import flags
from jax import Array

from experiments.command_line import cli
from experiments.studies.images import IMAGES as IMAGE_KINDS
from experiments.studies.images import load_images
from pepita_jax import build_network, build_rule
from pepita_jax.rules import RULES
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.pepita_mirrored import PepitaMirrored
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.types import Activity, Weights

RULE = flags.DEFINE_enum("rule", "pepita", sorted(RULES), "the rule to train")
IMAGES = flags.DEFINE_enum("images", "plain", list(IMAGE_KINDS), "how the images are prepared")
FACTOR = flags.DEFINE_float(
    "update_factor", 1.0, "factor on the filters' update; 784 turns its means into sums"
)
HOLD = flags.DEFINE_bool("hold_norms", False, "whether each filter keeps its initial norm")
WINNERS = flags.DEFINE_bool("winners", False, "whether only the winners of pooling learn")
SCALE = flags.DEFINE_float("feedback_scale", 0.05, "as rule.feedback_scale")
MIRRORED = flags.DEFINE_bool("mirrored", False, "train pepita_mirrored in place of pepita")
SIGN = flags.DEFINE_integer("modulation_sign", 1, "as rule.modulation_sign; -1 if mirrored", -1, 1)
LEARNING_RATE = flags.DEFINE_float("learning_rate", 0.01, "a tenth of it from epoch 5 on")
BATCH_SIZE, EPOCHS, DROP = 100, 6, 4


@dataclass(frozen=True)
class Change:
    """What changes PEPITA's update of the filters: a factor, and whether only winners learn."""

    factor: float = 1.0
    winners: bool = False

    def update(self, standard: Activity, modulated: Activity, t: Array) -> Weights:
        layer, h = self.net.layers[0], standard.h[0]
        change = self.factor * (modulated.h[0] - h)
        if self.winners:
            (won,) = jax.vjp(layer.downstream, h)[1](jnp.ones((len(h), *layer.output_shape)))
            change = change * won
        changed = modulated._replace(h=(h + change, *modulated.h[1:]))
        return super().update(standard, changed, t)


@dataclass(frozen=True)
class Changed(Change, Pepita):
    """PEPITA whose filters' update is multiplied, and perhaps confined to winners of pooling."""


@dataclass(frozen=True)
class ChangedMirrored(Change, PepitaMirrored):
    """The same of PEPITA with weight mirrors."""


def main(arguments):
    cli.refuse(arguments)
    train, validation = load_images("cifar10", IMAGES.value)
    net = build_network("conv", input_shape=train[0].shape[1:], num_classes=10)
    steps = len(train[0]) // BATCH_SIZE
    sgd = optax.sgd(
        optax.piecewise_constant_schedule(LEARNING_RATE.value, {DROP * steps: 0.1}), 0.9
    )
    optimizer = holding_norms(sgd) if HOLD.value else sgd
    trainer = SeedTrainer(choose_rule(net), optimizer, train, BATCH_SIZE, seed_keys(0, 1))
    states = trainer.init()
    initial = np.array(states.params[0])
    for epoch in epochs(trainer, states, {"validation": validation}, 1, EPOCHS):
        accuracy, filters = 100 * epoch.metrics["validation_accuracy"][0], epoch.states.params[0]
        moved = np.linalg.norm(filters - initial) / np.linalg.norm(initial)
        angle = trainer.measure_alignment(epoch.states)["gradient_angle"][0, 0]
        print(
            f"epoch {epoch.number}: validation {accuracy:.1f} %, moved {moved:.3f}, "
            f"angle {angle:.0f}°"
        )


def choose_rule(net):
    """The rule that the flags describe."""
    if RULE.value != "pepita":
        return build_rule(RULE.value, net)
    options = {"factor": FACTOR.value, "winners": WINNERS.value, "feedback_scale": SCALE.value}
    if MIRRORED.value:
        return ChangedMirrored(net, **options)
    return Changed(net, modulation_sign=SIGN.value, **options)


def holding_norms(optimizer):
    """The same optimizer, after which each filter is scaled back to its norm."""
    norm = lambda W: jnp.sqrt((W**2).sum((0, 1, 2), keepdims=True))

    def update(updates, state, params):
        updates, state = optimizer.update(updates, state, params)
        filters, new = params[0], params[0] + updates[0]
        return (new * norm(filters) / norm(new) - filters, *updates[1:]), state

    return optax.GradientTransformation(optimizer.init, update)


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

"""DRTP in networks like those of its authors' program, judged on images held out."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from configs.settings import Chosen, make_config
from experiments.held_out import load_held_out
from pepita_jax.build import build_rule_on_network, build_scheduled_optimizer
from pepita_jax.many_seeds import SeedTrainer, seed_keys
from pepita_jax.recipe import Fixed
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.drtp import DRTP


class Difference(NamedTuple):
    """What is unlike the paper's description; by default nothing is."""

    images: str = "plain"
    init: str = "he_uniform"
    input_dropout: float = 0.0
    nesterov: bool = False


DIFFERENCES = {
    "as described": Difference(),
    "channels of mean 0 and deviation 1": Difference(images="standardized"),
    "weights within 1 / sqrt(fan_in)": Difference(init="pytorch"),
    "a tenth of the input dropped": Difference(input_dropout=0.1),
    "Nesterov's momentum": Difference(nesterov=True),
    "all of these": Difference("standardized", "pytorch", 0.1, True),
}


@dataclass(frozen=True)
class WithInputDropout(DRTP):
    """DRTP in a network that also drops inputs."""

    input_dropout: float = 0.0

    def pseudo_gradients(self, params, F, batch):
        kept = 1 - self.input_dropout
        mask = jax.random.bernoulli(noise_key(self.net, batch), kept, batch.image.shape)
        return super().pseudo_gradients(params, F, batch._replace(image=batch.image * mask / kept))


def differences_on(dataset):
    """`{name: Difference}`: MNIST is the program's as it is the paper's, in [0, 1]."""
    if dataset == "cifar10":
        return DIFFERENCES
    plain = {name: d._replace(images="plain") for name, d in DIFFERENCES.items()}
    return {name: d for name, d in plain.items() if d != Difference() or name == "as described"}


def train(dataset, difference, num_epochs, num_seeds):
    """Accuracy on held-out images after each epoch, `[epochs, seeds]`."""
    images, init, input_dropout, nesterov = difference
    fields = {"model.init": init, "optimizer.nesterov": nesterov}
    config = make_config(Chosen(("drtp", "mlp", dataset), fields), {})
    train_set, held_out = load_held_out(dataset, images)
    steps = len(train_set[0]) // config["batch_size"]
    optimizer, _ = build_scheduled_optimizer(config, steps)
    rule = build_rule_on_network(config)
    if input_dropout:
        rule = WithInputDropout(rule.net, rule.hidden_reduction, input_dropout)
    keys = seed_keys(config["seed"], num_seeds)
    trainer = SeedTrainer(Fixed(rule, optimizer), train_set, config["batch_size"], keys)
    states, accuracy = trainer.init(), []
    for epoch in range(1, num_epochs + 1):
        states, _ = trainer.train_epoch(states, epoch)
        accuracy.append(trainer.evaluate(states, held_out))
    return np.array(accuracy)

"""Trainers of many small networks, for tests of the seed axis."""

from functools import cache

import jax
import numpy as np
import optax

from pepita_jax import build_network, build_rule
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from tests.cases import make_batch

NETS = {
    "mlp": {"hidden": (8,), "dropout": 0.2},
    "conv": {"channels": (2,), "kernel_size": 3},
}


def make_net(model="mlp"):
    return build_network(model, input_shape=(6, 6, 1), num_classes=3, **NETS[model])


def make_trainer(
    num_seeds=3,
    layout=1,
    model="mlp",
    num_examples=20,
    batch_size=4,
    rule=None,
    optimizer=None,
    num_devices=2,
    **options,
):
    net = rule.net if rule else make_net(model)
    batch = make_batch(net, size=num_examples)
    keys = seed_keys(0, num_seeds)
    rule = rule or build_rule("pepita", net)
    optimizer = optimizer or optax.sgd(0.05, momentum=0.9)
    data, devices = (batch.image, batch.label), jax.devices()[:num_devices]
    return SeedTrainer(rule, optimizer, data, batch_size, keys, layout, devices, **options)


@cache
def five_steps(**options):
    trainer = make_trainer(**options)
    states, metrics = trainer.train_epoch(trainer.init(), 1)
    return (*jax.tree.map(np.asarray, trainer.gather(states).params), metrics["train_loss"])

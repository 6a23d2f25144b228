"""Networks that differ from the paper's description, as its programs may."""

from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array

from configs.settings import Chosen, make_config
from experiments.studies.images import load_images
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.drtp import DRTP
from pepita_jax.rules.pepita import Pepita
from pepita_jax.runs.experiment import build_configured_optimizer, build_rule_on_network
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.types import Activity, Batch, Feedback, Signals, Updates, Weights


class Ablation(NamedTuple):
    """A network and what in it differs from the paper's description: by default nothing.

    Attributes:
        rule, model: their names.
        images: of `images.IMAGES`.
        fields: `(field, value)` of the configuration.
        input_dropout: the share of the input that is dropped, by DRTP.
        summed_loss: whether DRTP's loss is the sum over the classes, and not their mean.
        filter_scale: what PEPITA's update of the filters is multiplied by.
    """

    rule: str
    model: str = "mlp"
    images: str = "plain"
    fields: tuple[tuple[str, Any], ...] = ()
    input_dropout: float = 0.0
    summed_loss: bool = False
    filter_scale: float = 1.0


SETS = ("mnist", "cifar10", "cifar100", "digits")
STANDARDIZED = ("cifar10", "cifar100")  # the program has only the first
PREPARED = {
    "as it is": "plain",
    "whitened": "whitened",
    "whitened and scaled to [0, 1]": "rescaled",
}
LEARNING_RATES = (0.1, 0.01)  # Table 2's, and Table 4's
FILTER_SCALES = (1, 10, -1, -0.01)  # the last one is the program's: a batch has 100 images


def one_by_one(described, changes, others=None):
    """A network, each change of it, all of them together, and each other change, by name."""
    changed = {name: change(described) for name, change in changes.items()}
    all_of_them = reduce(lambda network, change: change(network), changes.values(), described)
    alone = {name: change(described) for name, change in (others or {}).items()}
    return {"as described": described, **changed, "all of these": all_of_them, **alone}


def field(name, value):
    """A change of the configuration."""
    return lambda network: network._replace(fields=(*network.fields, (name, value)))


PROGRAM = {
    "channels of mean 0 and deviation 1": lambda network: network._replace(images="standardized"),
    "weights within 1 / sqrt(fan_in)": field("model.init", "pytorch"),
    "Nesterov's momentum": field("optimizer.nesterov", True),
}
DROPPED = {"a tenth of the input dropped": lambda network: network._replace(input_dropout=0.1)}
PADDED = {"two pixels of padding": field("model.padding", 2)}
SUMMED = {"loss summed over the classes": lambda network: network._replace(summed_loss=True)}
TABLES = {
    "drtp": one_by_one(Ablation("drtp"), PROGRAM | DROPPED, SUMMED),
    "drtp_conv": one_by_one(Ablation("drtp", "conv"), PROGRAM | PADDED, SUMMED),
    "fa_conv": one_by_one(Ablation("fa", "conv"), PROGRAM | PADDED),
    "bp_conv": one_by_one(Ablation("bp", "conv"), PROGRAM | PADDED),
    "filters": {
        "random": Ablation("shallow", "conv"),
        **{
            f"update times {scale}": Ablation("pepita", "conv", filter_scale=scale)
            for scale in FILTER_SCALES
        },
    },
    "whitening": {
        f"{name}, learning rate {value}": field("optimizer.learning_rate", value)(
            Ablation("pepita", images=images)
        )
        for name, images in PREPARED.items()
        for value in LEARNING_RATES
    },
}


@dataclass(frozen=True)
class OtherDRTP(DRTP):
    """DRTP in a network that also drops inputs, or has another loss."""

    input_dropout: float = 0.0
    summed_loss: bool = False

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        kept = 1 - self.input_dropout
        mask = jax.random.bernoulli(noise_key(self.net, batch), kept, batch.image.shape)
        return super().pseudo_gradients(params, F, batch._replace(image=batch.image * mask / kept))

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        *hidden, of_mean = super().signals(params, F, activity, e, t, key)
        return (*hidden, e if self.summed_loss else of_mean)


@dataclass(frozen=True)
class WithScaledFilters(Pepita):
    """PEPITA in a network with filters, whose update is scaled."""

    filter_scale: float = 1.0

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        (filters, *dense), aux = super().pseudo_gradients(params, F, batch)
        return (self.filter_scale * filters, *dense), aux


def ablations_on(dataset, table):
    """A table's `{name: Ablation}` on a data set.

    Where images are not standardized, an ablation that only does this equals another one, and is
    left out.
    """
    names = {}
    for name, ablation in TABLES[table].items():
        if ablation.images == "standardized" and dataset not in STANDARDIZED:
            ablation = ablation._replace(images="plain")
        names.setdefault(ablation, name)
    return {name: ablation for ablation, name in names.items()}


def config_of(dataset, ablation):
    """Configuration of a network, a nested dict."""
    words = ablation.rule, ablation.model, dataset
    return make_config(Chosen(words, dict(ablation.fields)), {})


def rule_of(rule, ablation):
    """The configuration's rule, changed where the configuration has no field for the change."""
    dropout, summed = ablation.input_dropout, ablation.summed_loss
    if dropout or summed:
        return OtherDRTP(**vars(rule), input_dropout=dropout, summed_loss=summed)
    scale = ablation.filter_scale
    return rule if scale == 1 else WithScaledFilters(**vars(rule), filter_scale=scale)


def train(dataset, ablation, num_epochs, num_seeds):
    """Accuracy on the validation split after each epoch, `[epochs, seeds]`."""
    config = config_of(dataset, ablation)
    train_set, validation = load_images(dataset, ablation.images)
    steps = len(train_set[0]) // config["batch_size"]
    optimizer = build_configured_optimizer(config, steps)
    rule = rule_of(build_rule_on_network(config), ablation)
    keys = seed_keys(config["seed"], num_seeds)
    trainer = SeedTrainer(rule, optimizer, train_set, config["batch_size"], keys)
    splits = {"validation": validation}
    trained = epochs(trainer, trainer.init(), splits, 1, num_epochs)
    return np.array([epoch.metrics["validation_accuracy"] for epoch in trained])

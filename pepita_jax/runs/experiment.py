"""Builds what a configuration (a nested plain dict) trains."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from pepita_jax.data import Dataset, load_stored
from pepita_jax.data.own import show_name
from pepita_jax.data.preprocess import PREPROCESSES
from pepita_jax.data.validation import num_validation
from pepita_jax.errors import require_int, require_name
from pepita_jax.rules import Rule
from pepita_jax.runs.configured import (
    build_batching,
    build_configured_feedback_optimizer,
    build_configured_optimizer,
    build_rule_on_network,
)
from pepita_jax.runs.identity import configured_dataset, require_same_data
from pepita_jax.training.augment import Augment
from pepita_jax.training.loop import Epoch
from pepita_jax.training.many_seeds import SeedTrainer, check_sizes, seed_keys
from pepita_jax.training.one_seed import Batching
from pepita_jax.training.one_step import optimizer_of_feedback
from pepita_jax.training.optimizers import Optimizer
from pepita_jax.training.seed_axis import same_for_all

# JAX's names, fast ones first; their meaning depends on the accelerator.
MATMUL_PRECISIONS = ("default", "bfloat16", "tensorfloat32", "high", "float32", "highest")


@dataclass(frozen=True)
class Experiment:
    """S seeds that are trained side by side in one workdir, and with what.

    Attributes:
        config: nested plain dict; `num_seeds` is S.
        rule, optimizer, feedback_optimizer, data: what the configuration names.
        keys: keys of the seeds, `[S]`.
        batching: how batches are made of the training set.
        splits: `{name: (image, label)}` to evaluate on after every epoch.
        label, names: for the progress bar, the name of the whole and of each seed.
        numbers, vary: see `SeedTrainer`; needed if settings differ.
        summarized: whether the run ends with a summary and plots.
        before: the rung from which it goes on, see `rung_states.Before`; None: it begins.
    """

    config: dict
    rule: Rule
    optimizer: Optimizer
    feedback_optimizer: Optimizer | None
    data: Dataset
    keys: jax.Array
    batching: Batching
    splits: dict[str, tuple]
    label: str
    names: list[str]
    numbers: Any = None
    vary: Callable = same_for_all
    summarized: bool = True
    before: Any = None

    def trainer(self, seeds: range) -> SeedTrainer:
        """A `SeedTrainer` for a range of the seeds."""
        some = lambda x: x[seeds.start : seeds.stop]
        return SeedTrainer(
            self.rule,
            self.optimizer,
            self.data.train,
            self.config["batch_size"],
            some(self.keys),
            self.config["seeds_at_once"],
            numbers=jax.tree.map(some, self.numbers),
            vary=self.vary,
            feedback_optimizer=self.feedback_optimizer,
            batching=self.batching,
        )

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches of an epoch."""
        return self.batching.steps_per_epoch(len(self.data.train[0]), self.config["batch_size"])

    def learning_rate(self, epoch: Epoch) -> np.ndarray:
        """The learning rate at the end of an epoch: one for all seeds, or `[S]`."""
        _, optimizer, _ = self.vary(self.rule, self.optimizer, None, self.numbers)
        last_step = epoch.number * optimizer.steps_per_epoch - 1
        return np.asarray(optimizer.learning_rate_at(last_step), np.float64)


def check_config(config: dict) -> None:
    """Raises a `UserError` if a configuration is not valid; no data are read."""
    for field in ("num_epochs", "checkpoint_every"):
        require_int(field, config[field], 1)
    seed_keys(config["seed"], config["num_seeds"])  # which checks them
    if config["matmul_precision"] is not None:
        require_name("matmul_precision", config["matmul_precision"], MATMUL_PRECISIONS)
    require_name("preprocess", config["preprocess"], PREPROCESSES)
    rule = build_rule_on_network(config)
    optimizer = build_configured_optimizer(config)
    optimizer.schedule.check_length(config["num_epochs"])
    optimizer_of_feedback(rule, optimizer, build_configured_feedback_optimizer(config))
    Augment(**config["augment"]).check(rule.net.input_shape)
    num_train = configured_dataset(config).num_train
    num_train -= num_validation(config["validation_fraction"], num_train)
    check_sizes(num_train, config["batch_size"], config["seeds_at_once"])


def build_experiment(config: dict) -> Experiment:
    """Builds everything that a configuration names, and loads its data.

    Raises:
        UserError: a value is not valid, or the data set cannot be read.
    """
    check_config(config)
    require_same_data(config)
    data = load_stored(
        config["dataset"], config["data_dir"], config["validation_fraction"], config["preprocess"]
    )
    batching, rule = build_batching(config), build_rule_on_network(config)
    steps = batching.steps_per_epoch(len(data.train[0]), config["batch_size"])
    return Experiment(
        config,
        rule,
        build_configured_optimizer(config, steps * rule.steps_per_batch),
        build_configured_feedback_optimizer(config, steps),
        data,
        seed_keys(config["seed"], config["num_seeds"]),
        batching,
        data.eval_splits,
        f"{config['rule']['name']} on {show_name(config['dataset'])}",
        [f"seed {k}" for k in range(config["num_seeds"])],
    )

"""The run of a script: what `pj.train` trains in a workdir."""

from typing import Any

import numpy as np
from optax import GradientTransformation

from pepita_jax.data import Dataset
from pepita_jax.data.checksum import checksum
from pepita_jax.rules import Rule
from pepita_jax.runs.experiment import Experiment
from pepita_jax.runs.objects import (
    ARRAYS,
    as_plain,
    describe_optimizer,
    describe_rule,
    learning_rate_of,
)
from pepita_jax.training.loop import Epoch
from pepita_jax.training.many_seeds import check_sizes, seed_keys


class ScriptExperiment(Experiment):
    """An `Experiment` of Python objects; its learning rate is NaN where nobody knows it."""

    @classmethod
    def make(cls, config: dict, rule: Rule, optimizer: Any, data: Dataset) -> "ScriptExperiment":
        """From what `pj.train` was given, and its `script_config`."""
        keys, num_seeds = seed_keys(config["seed"], config["num_seeds"]), config["num_seeds"]
        label, names = f"{config['rule']['name']}", [f"seed {k}" for k in range(num_seeds)]
        return cls(config, rule, optimizer, data, keys, data.eval_splits, label, names)

    def learning_rate(self, epoch: Epoch) -> np.ndarray:
        found = learning_rate_of(epoch.states.opt_state)
        return np.full(len(self.keys), np.nan) if found is None else found


def script_config(
    rule: Rule, optimizer: GradientTransformation, data: Dataset, numbers: dict[str, Any]
) -> dict:
    """The configuration of such a run, with the fields of the command line where it has the same.

    Args:
        rule, optimizer, data: what is trained, and on what.
        numbers: the other fields.

    Raises:
        UserError: the batches do not fit the data, or the optimizer's state cannot be saved.
    """
    check_sizes(len(data.train[0]), numbers["batch_size"], numbers["seeds_at_once"])
    splits = {name: split for name, split in data._asdict().items() if split}
    return {
        "dataset": ARRAYS,
        "data": {"checksum": {name: checksum(*split) for name, split in splits.items()}},
        **{name: as_plain(number) for name, number in numbers.items()},
        **describe_rule(rule),
        "optimizer": describe_optimizer(optimizer, rule.net),
        "matmul_precision": None,
        "tensorboard": False,
    }

"""The experiment of a script: what `pj.train` trains."""

from dataclasses import replace
from typing import Any, Self

import numpy as np

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
    plain_fields,
)
from pepita_jax.training.augment import Augment
from pepita_jax.training.loop import Epoch
from pepita_jax.training.many_seeds import check_sizes, seed_keys
from pepita_jax.training.one_seed import Batching


class ScriptExperiment(Experiment):
    """An `Experiment` of Python objects; its learning rate is NaN if no state holds it."""

    @classmethod
    def make(
        cls,
        numbers: dict[str, Any],
        rule: Rule,
        optimizer: Any,
        feedback_optimizer: Any,
        data: Dataset,
        batching: Batching,
    ) -> Self:
        """Makes one from `pj.train`'s arguments; `numbers` is its configuration so far."""
        keys = seed_keys(numbers["seed"], numbers["num_seeds"])
        label, names = describe_rule(rule)["rule"]["name"], [f"seed {k}" for k in range(len(keys))]
        objects = rule, optimizer, feedback_optimizer, data, keys, batching
        return cls(numbers, *objects, data.eval_splits, label, names)

    def described(self) -> Self:
        """The same experiment with a full configuration, in the command line's fields.

        Raises:
            UserError: the batches do not fit the data, or an optimizer's state cannot be saved.
        """
        numbers, rule, of_feedback = self.config, self.rule, self.feedback_optimizer
        check_sizes(len(self.data.train[0]), numbers["batch_size"], numbers["seeds_at_once"])
        splits = {name: split for name, split in self.data._asdict().items() if split}
        describe = lambda optimizer, init: describe_optimizer(optimizer, init) if optimizer else {}
        config = {
            "dataset": ARRAYS,
            "data": {"checksum": {name: checksum(*split) for name, split in splits.items()}},
            **{name: as_plain(number) for name, number in numbers.items()},
            **describe_rule(rule),
            "optimizer": describe(self.optimizer, rule.init_params),
            "feedback_optimizer": describe(of_feedback, lambda key: rule.init(key)[1]),
            "shuffle": as_plain(self.batching.shuffle),
            "drop_last": as_plain(self.batching.drop_last),
            "augment": plain_fields(self.batching.augment or Augment()),
            "matmul_precision": None,
            "tensorboard": False,
        }
        return replace(self, config=config)

    def learning_rate(self, epoch: Epoch) -> np.ndarray:
        found = learning_rate_of(epoch.states.opt_state)
        return np.full(len(self.keys), np.nan) if found is None else found

"""How a seed's rule and optimizer are made: fixed, or from numbers that one program can vary.

Seeds that are trained side by side by one compiled program may differ in numbers, such as rates
or the scale of F, if these enter the program as arrays. A recipe makes rule and optimizer of them.
"""

import json
from dataclasses import dataclass
from typing import Any

from pepita_jax.options import with_fields
from pepita_jax.rules import Rule
from pepita_jax.training.optimizers import build_optimizer, step_schedule


@dataclass(frozen=True)
class Fixed:
    """The same rule and optimizer for every seed."""

    rule: Rule
    optimizer: Any

    def __call__(self, numbers):
        del numbers
        return self.rule, self.optimizer


@dataclass(frozen=True)
class Varied:
    """A configured rule and optimizer, some of whose numbers are still to come.

    Attributes:
        rule: with the configuration's own numbers.
        chosen: the configuration's `optimizer` and `schedule`, as JSON.
        steps_per_epoch: of the training.
    """

    rule: Rule
    chosen: str
    steps_per_epoch: int

    @classmethod
    def of(cls, config, rule, steps_per_epoch):
        """From a configuration, a nested plain dict, and the rule that it names."""
        chosen = json.dumps([config["optimizer"], config["schedule"]])
        return cls(rule, chosen, steps_per_epoch)

    def __call__(self, numbers):
        """Rule and optimizer with `{field: number}`, which may be traced, in place of their own."""

        def of(group):
            return {f.partition(".")[2]: n for f, n in numbers.items() if f.startswith(group)}

        net = self.rule.net
        if "model.dropout" in numbers:
            net = net.with_dropout(numbers["model.dropout"])
        return with_fields(self.rule, net=net, **of("rule")), self._optimizer(of("optimizer"))

    def _optimizer(self, numbers):
        options, decay = json.loads(self.chosen)[0] | numbers, self.decay()
        name, rate = options.pop("name"), options.pop("learning_rate")
        return build_optimizer(name, lambda step: rate * decay(step), **options)

    def decay(self):
        """What the initial rate is multiplied by, as a function of the step."""
        schedule = json.loads(self.chosen)[1]
        return step_schedule(1.0, **schedule, steps_per_epoch=self.steps_per_epoch)

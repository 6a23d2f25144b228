"""Schedules of the learning rate by name, in epochs, made by optax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optax

from pepita_jax.errors import look_up, require, require_int, require_number
from pepita_jax.options import check_options

SCHEDULES = {  # name: the fields that it uses
    "step": ("epochs", "factor"),
    "constant": (),
    "cosine": ("decay_epochs", "final"),
    "warmup_cosine": ("warmup_epochs", "decay_epochs", "final"),
    "linear": ("decay_epochs", "final"),
    "exponential": ("factor",),
}
OPTIONAL = {"final"}
MAX_STEP = 2**31 - 1  # optax counts steps in 32 bits


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes. A field that the schedule does not use has no effect.

    Attributes:
        name: a key of `SCHEDULES`.
        epochs: for `step`: after each of these epochs the learning rate is multiplied by `factor`.
        factor: for `step`, see `epochs`; for `exponential` it is the factor per epoch, applied in
            equal parts per step.
        decay_epochs: length of the whole schedule, warm-up included; afterwards the learning rate
            stays.
        final: fraction of the learning rate that is left afterwards.
        warmup_epochs: number of epochs in which the learning rate rises from 0 along a line.
    """

    name: str = "constant"
    epochs: tuple[int, ...] = ()
    factor: float = 1.0
    decay_epochs: int = 1
    final: float = 0.0
    warmup_epochs: int = 0

    def of(self, learning_rate: Any, steps_per_epoch: int) -> Callable:
        """The learning rate as a function of the step, counted from 0.

        Raises:
            UserError: a number is out of range.
        """
        if self.name == "step":
            return step_schedule(learning_rate, self.epochs, self.factor, steps_per_epoch)
        require_number("optimizer.learning_rate", learning_rate, at_least=0)
        self._check_numbers(MAX_STEP // steps_per_epoch)
        # optax compares some learning rates; those of a sweep are traced and cannot be compared.
        fraction = self._fraction(steps_per_epoch)
        return lambda step: learning_rate * fraction(step)

    def check_length(self, num_epochs: int) -> None:
        """Raises a `UserError` if the learning rate is 0 in some of the last epochs."""
        ends = "decay_epochs" in SCHEDULES[self.name] and self.final == 0
        message = (
            f"the learning rate is 0 from epoch {self.decay_epochs + 1} on: schedule.decay_epochs "
            f"{self.decay_epochs} is less than num_epochs {num_epochs}, and schedule.final is 0"
        )
        require(not ends or self.decay_epochs >= num_epochs, message)

    def _check_numbers(self, most_epochs):
        require_number("schedule.final", self.final, at_least=0)
        require_int("schedule.decay_epochs", self.decay_epochs, 1, most_epochs)
        if self.name == "warmup_cosine":
            require_int("schedule.warmup_epochs", self.warmup_epochs, 1)
            message = (
                f"schedule.warmup_epochs {self.warmup_epochs} must be below schedule.decay_epochs "
                f"{self.decay_epochs}, which includes them and is num_epochs by default"
            )
            require(self.warmup_epochs < self.decay_epochs, message)
        if self.name == "exponential":
            require_number("schedule.factor", self.factor, above=0)

    def _fraction(self, steps_per_epoch):
        """What the learning rate is multiplied by, as a function of the step."""
        steps, warmup = (n * steps_per_epoch for n in (self.decay_epochs, self.warmup_epochs))
        if self.name == "cosine":
            return optax.cosine_decay_schedule(1.0, steps, self.final)
        if self.name == "warmup_cosine":
            return optax.warmup_cosine_decay_schedule(0.0, 1.0, warmup, steps, self.final)
        if self.name == "linear":
            return optax.linear_schedule(1.0, self.final, steps)
        if self.name == "exponential":
            return optax.exponential_decay(1.0, steps_per_epoch, self.factor)
        return optax.constant_schedule(1.0)


def build_schedule(name: str, **fields: Any) -> Schedule:
    """A schedule by name.

    Args:
        name: a key of `SCHEDULES`.
        **fields: the fields of `Schedule`; None is an unset field.

    Raises:
        UserError: the name is unknown, or the schedule has no such field, or lacks one.
    """
    own = look_up("schedule", name, SCHEDULES)
    given = {field: value for field, value in fields.items() if value is not None}
    check_options(f"schedule {name!r}", given, own)
    missing = ", ".join(f"schedule.{f}" for f in own if f not in OPTIONAL and f not in given)
    require(not missing, f"schedule {name!r} needs {missing}")
    if "epochs" in given:
        given["epochs"] = tuple(given["epochs"])
    return Schedule(name, **given)


def step_schedule(
    learning_rate: Any, epochs: Sequence[int], factor: float, steps_per_epoch: int
) -> Callable:
    """The learning rate as a function of the step, multiplied by `factor` after some epochs.

    With 60 among `epochs`, epoch 61 (counted from 1) is the first with the new learning rate.
    """
    require_number("optimizer.learning_rate", learning_rate, at_least=0)
    require_number("schedule.factor", factor, at_least=0)
    for epoch in epochs:
        require_int("each of schedule.epochs", epoch, 0, MAX_STEP // steps_per_epoch)
    boundaries = {epoch * steps_per_epoch: factor for epoch in epochs}
    return optax.piecewise_constant_schedule(learning_rate, boundaries)

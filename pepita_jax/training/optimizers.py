"""Optimizers by name, straight from optax, and the step schedule of Table 2."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optax

from pepita_jax.errors import look_up, require, require_int, require_number
from pepita_jax.options import check_options

# lbfgs needs the loss as a function of the weights, which a pseudo-gradient does not have;
# noisy_sgd's state holds a random key, which checkpoints do not keep (`pj.train` takes it);
# optimistic_adam is deprecated for its second version.
EXCLUDED = {"lbfgs", "noisy_sgd", "optimistic_adam"}

MAX_STEP = 2**31 - 1  # optax counts steps in 32 bits


def _find_optimizers():
    """Every public optax function that makes an optimizer out of a learning rate."""
    found = {}
    for name, function in inspect.getmembers(optax, inspect.isfunction):
        takes_rate = "learning_rate" in inspect.signature(function).parameters
        if takes_rate and not name.startswith(("_", "scale_by")) and name not in EXCLUDED:
            found[name] = function
    return found


OPTIMIZERS = _find_optimizers()


def optimizer_options(name: str) -> dict[str, Any]:
    """The keyword arguments of optax optimizer `name` besides its learning rate, with defaults."""
    parameters = inspect.signature(look_up("optimizer", name, OPTIMIZERS)).parameters.values()
    return {
        p.name: None if p.default is p.empty else p.default
        for p in parameters
        if p.name != "learning_rate"
    }


def step_schedule(learning_rate, epochs, factor, steps_per_epoch) -> Callable:
    """The learning rate as a function of the step, multiplied by `factor` after some epochs.

    With 60 among `epochs`, epoch 61 (counted from 1) is the first with the new learning rate.
    """
    require_number("optimizer.learning_rate", learning_rate, at_least=0)
    require_number("schedule.factor", factor, at_least=0)
    for epoch in epochs:
        require_int("each of schedule.epochs", epoch, 0, MAX_STEP // steps_per_epoch)
    boundaries = {epoch * steps_per_epoch: factor for epoch in epochs}
    return optax.piecewise_constant_schedule(learning_rate, boundaries)


def build_optimizer(
    name: str, learning_rate: float | Callable, **options: Any
) -> optax.GradientTransformation:
    """An optax optimizer by name.

    >>> import pepita_jax as pj
    >>> optimizer = pj.build_optimizer("sgd", 0.1, momentum=0.9)
    >>> pj.build_optimizer("sdg", 0.1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pepita_jax.errors.UserError: unknown optimizer 'sdg'; valid: ...

    Args:
        name: a key of `OPTIMIZERS`, such as `sgd`, `adam`, `adamw`, `rmsprop`, `lion`.
        learning_rate: a number or an optax schedule.
        **options: the optimizer's own keyword arguments; None keeps optax's default.

    Raises:
        UserError: the name or an option is not valid.
    """
    given = {option: value for option, value in options.items() if value is not None}
    is_rate = callable(learning_rate) or not isinstance(learning_rate, (str, type(None)))
    require(is_rate, f"learning_rate must be a number or a schedule, got {learning_rate!r}")
    check_options(f"optimizer {name!r}", given, optimizer_options(name))
    # Some optimizers take no schedule; injected, its current value reaches them all as a number.
    make = optax.inject_hyperparams(lambda learning_rate: OPTIMIZERS[name](learning_rate, **given))
    return make(learning_rate=learning_rate)


@dataclass(frozen=True)
class Optimizer:
    """A configured optimizer with its step schedule: used like an optax transformation.

    Equal ones share compiled functions, which optax's own never do: they equal only themselves.

    Attributes:
        name: a key of `OPTIMIZERS`.
        learning_rate: of the first epochs.
        options: `(argument, value)` of the optimizer's other arguments, sorted.
        schedule_epochs, schedule_factor: see `step_schedule`.
        steps_per_epoch: whole batches of the training set.
    """

    name: str
    learning_rate: float
    options: tuple[tuple[str, Any], ...] = ()
    schedule_epochs: tuple[int, ...] = ()
    schedule_factor: float = 0.1
    steps_per_epoch: int = 1

    def schedule(self, step: Any) -> Any:
        """The learning rate at a step, counted from 0."""
        return self._schedule()(step)

    def check(self) -> None:
        """Raises a `UserError` if the name, an option or a number is not valid."""
        self._optax()

    def init(self, params: Any) -> Any:
        return self._optax().init(params)

    def update(self, updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return self._optax().update(updates, state, params)

    def _schedule(self):
        steps = (self.schedule_epochs, self.schedule_factor, self.steps_per_epoch)
        return step_schedule(self.learning_rate, *steps)

    def _optax(self):
        return build_optimizer(self.name, self._schedule(), **dict(self.options))


def optimizer_fields() -> dict[str, type]:
    """Types of the plain keyword arguments of all optimizers together, `{argument: type}`."""
    fields = {}
    for name in OPTIMIZERS:
        for argument, default in optimizer_options(name).items():
            if argument.endswith(("dtype", "mask")):
                continue
            kind = float if default is None else type(default)
            if kind in (bool, int, float):
                conflicting = fields.setdefault(argument, kind) is not kind
                fields[argument] = float if conflicting else kind
    return fields

"""Optimizers by name, from optax; each can also have weight decay and clipping."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optax

from pepita_jax.errors import look_up, require, require_number
from pepita_jax.options import check_options
from pepita_jax.training.schedules import Schedule

# lbfgs needs the loss as a function of the weights, which a pseudo-gradient does not have;
# noisy_sgd's state holds a random key, which checkpoints do not keep (`pj.train` takes it);
# optimistic_adam is deprecated for its second version.
EXCLUDED = {"lbfgs", "noisy_sgd", "optimistic_adam"}

# Options that any optimizer takes. One that has its own weight decay keeps it.
COMMON = ("weight_decay", "decoupled_weight_decay", "clip_norm")


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
    """The keyword arguments of optimizer `name` besides its learning rate, with defaults.

    They are optax's, and those of `COMMON`.
    """
    return dict.fromkeys(COMMON) | _own_options(name)


def _own_options(name):
    parameters = inspect.signature(look_up("optimizer", name, OPTIMIZERS)).parameters.values()
    return {
        p.name: None if p.default is p.empty else p.default
        for p in parameters
        if p.name != "learning_rate"
    }


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
        **options: the optimizer's own keyword arguments, and three more; None keeps the default.
            `clip_norm` first scales pseudo-gradients of a larger global norm down to this norm.
            `weight_decay` then adds the weights, times this number, to the pseudo-gradients (L2);
            an optimizer that has an argument of this name, such as `adamw`, uses its own.
            `decoupled_weight_decay` subtracts the weights, times this number and the learning
            rate, in each step.

    Returns:
        An optax transformation, whose state holds the learning rate of the last step.

    Raises:
        UserError: the name or an option is not valid.
    """
    given = {option: value for option, value in options.items() if value is not None}
    is_rate = callable(learning_rate) or not isinstance(learning_rate, (str, type(None)))
    require(is_rate, f"learning_rate must be a number or a schedule, got {learning_rate!r}")
    check_options(f"optimizer {name!r}", given, optimizer_options(name))
    own = {option: value for option, value in given.items() if option in _own_options(name)}
    common = {option: value for option, value in given.items() if option not in own}
    for option, value in common.items():
        least = {"above": 0} if option == "clip_norm" else {"at_least": 0}
        require_number(f"optimizer.{option}", value, **least)

    def make(learning_rate):
        return _with_common(OPTIMIZERS[name](learning_rate, **own), learning_rate, **common)

    # Some optimizers take no schedule. Injected, its current value reaches them all as a number.
    return optax.inject_hyperparams(make)(learning_rate=learning_rate)


def _with_common(
    optimizer, learning_rate, weight_decay=None, decoupled_weight_decay=None, clip_norm=None
):
    """The optimizer with those of `COMMON` that are set; the optimizer itself if none is."""
    parts = [optimizer]
    if weight_decay is not None:
        parts.insert(0, optax.add_decayed_weights(weight_decay))
    if clip_norm is not None:
        parts.insert(0, optax.clip_by_global_norm(clip_norm))
    if decoupled_weight_decay is not None:
        parts.append(optax.add_decayed_weights(-learning_rate * decoupled_weight_decay))
    return optax.chain(*parts) if len(parts) > 1 else optimizer


@dataclass(frozen=True)
class Optimizer:
    """A configured optimizer with its schedule, used like an optax transformation.

    Equal `Optimizer` objects share compiled functions. Transformations of optax never do: each
    equals only itself.

    Attributes:
        name: a key of `OPTIMIZERS`.
        learning_rate: learning rate before the schedule changes it.
        options: `(argument, value)` of the optimizer's other arguments, sorted.
        schedule: schedule of the learning rate.
        steps_per_epoch: number of steps of an epoch.
    """

    name: str
    learning_rate: float
    options: tuple[tuple[str, Any], ...]
    schedule: Schedule
    steps_per_epoch: int

    def learning_rate_at(self, step: Any) -> Any:
        """The learning rate at a step, counted from 0."""
        return self._learning_rates()(step)

    def check(self) -> None:
        """Raises a `UserError` if the name, an option or a number is not valid."""
        self._optax()

    def init(self, params: Any) -> Any:
        return self._optax().init(params)

    def update(self, updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return self._optax().update(updates, state, params)

    def _learning_rates(self):
        return self.schedule.of(self.learning_rate, self.steps_per_epoch)

    def _optax(self):
        return build_optimizer(self.name, self._learning_rates(), **dict(self.options))


def followed(optimizer: dict, feedback: dict) -> dict:
    """The fields that the optimizer of learned feedback takes over from the weights' optimizer.

    Args:
        optimizer: fields of the weights' optimizer, its name among them.
        feedback: fields that are set for the feedback's optimizer. If its name differs, it takes
            over the learning rate alone.
    """
    is_same = feedback.get("name", optimizer["name"]) == optimizer["name"]
    return {
        f: v
        for f, v in optimizer.items()
        if f not in feedback and (is_same or f == "learning_rate")
    }


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

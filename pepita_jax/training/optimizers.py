"""Optimizers by name, straight from optax, and the step schedule of Table 2."""

import inspect

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


def optimizer_options(name):
    """The keyword arguments of optax optimizer `name` besides its rate, `{argument: default}`."""
    parameters = inspect.signature(look_up("optimizer", name, OPTIMIZERS)).parameters.values()
    return {
        p.name: None if p.default is p.empty else p.default
        for p in parameters
        if p.name != "learning_rate"
    }


def step_schedule(learning_rate, epochs, factor, steps_per_epoch):
    """The rate as a function of the step: multiplied by `factor` after each of `epochs` epochs.

    With 60 among `epochs`, epoch 61 (counted from 1) is the first with the new rate.
    """
    require_number("optimizer.learning_rate", learning_rate)
    require_number("schedule.factor", factor)
    require(learning_rate >= 0, f"optimizer.learning_rate must not be negative: {learning_rate}")
    require(factor >= 0, f"schedule.factor must not be negative: {factor}")
    for epoch in epochs:
        require_int("each of schedule.epochs", epoch, 0, MAX_STEP // steps_per_epoch)
    boundaries = {epoch * steps_per_epoch: factor for epoch in epochs}
    return optax.piecewise_constant_schedule(learning_rate, boundaries)


def build_optimizer(name, learning_rate, **options):
    """An optax optimizer by name.

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


def optimizer_fields():
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

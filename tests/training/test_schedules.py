"""Schedules of the learning rate against their formulas, in epochs of four steps."""

import jax
import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.training.schedules import build_schedule

STEPS = 4


def cosine(t):
    return 0.1 + 0.9 * (1 + np.cos(np.pi * np.clip(t, 0, 1))) / 2


FORMULAS = {  # of the time in epochs
    "constant": ({}, lambda t: np.ones_like(t)),
    "step": ({"epochs": (2, 3), "factor": 0.5}, lambda t: 0.5 ** ((t >= 2).astype(int) + (t >= 3))),
    "cosine": ({"decay_epochs": 6, "final": 0.1}, lambda t: cosine(t / 6)),
    "warmup_cosine": (
        {"warmup_epochs": 2, "decay_epochs": 6, "final": 0.1},
        lambda t: np.where(t < 2, t / 2, cosine((t - 2) / 4)),
    ),
    "linear": ({"decay_epochs": 5, "final": 0.2}, lambda t: 1 - 0.8 * np.minimum(t / 5, 1)),
    "exponential": ({"factor": 0.7}, lambda t: 0.7**t),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_schedule_is_its_formula_for_one_learning_rate_and_for_many(name):
    fields, formula = FORMULAS[name]
    steps = np.arange(8 * STEPS)
    wanted = 0.3 * formula(steps / STEPS)
    schedule = build_schedule(name, **fields)
    found = schedule.of(0.3, STEPS)
    np.testing.assert_allclose([found(step) for step in steps], wanted, rtol=1e-5, atol=1e-7)

    rates = np.array([0.3, 0.03], np.float32)
    of_rate = jax.jit(jax.vmap(lambda rate, step: schedule.of(rate, STEPS)(step), (0, None)))
    for step in (0, 9, 31):
        np.testing.assert_allclose(of_rate(rates, step), rates * wanted[step] / 0.3, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("cosinus", {}, "unknown schedule 'cosinus'; valid: constant, cosine, "),
        (
            "cosine",
            {"decay_epochs": 3, "epochs": (1,)},
            "'cosine' has no option 'epochs'; valid: d",
        ),
        ("constant", {"final": 0.1}, "'constant' has no option 'final'; it has none"),
        ("exponential", {}, r"'exponential' needs schedule\.factor"),
        ("exponential", {"factor": 0}, r"schedule\.factor must be above 0"),
        ("warmup_cosine", {"decay_epochs": 3}, r"needs schedule\.warmup_epochs"),
        ("warmup_cosine", {"decay_epochs": 3, "warmup_epochs": 3}, "epochs 3 must be below .* 3,"),
        ("linear", {"decay_epochs": 0}, r"schedule\.decay_epochs must be an integer of at least 1"),
        ("linear", {"decay_epochs": 1, "final": -1}, r"schedule\.final must be at least 0"),
    ],
)
def test_mistakes_are_named(name, fields, message):
    with pytest.raises(UserError, match=message):
        build_schedule(name, **fields).of(0.1, STEPS)


def test_a_learning_rate_of_zero_in_the_last_epochs_is_refused():
    schedule = build_schedule("cosine", decay_epochs=5)
    schedule.check_length(5)
    with pytest.raises(UserError, match=r"0 from epoch 6 on: .* 5 is less than num_epochs 9"):
        schedule.check_length(9)
    build_schedule("cosine", decay_epochs=5, final=0.1).check_length(9)

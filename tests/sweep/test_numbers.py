"""Numbers that enter a program as arrays do what they do as constants."""

from dataclasses import dataclass
from typing import ClassVar

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs.default import as_plain, get_config
from pepita_jax.rules.bp import BP
from pepita_jax.runs.configured import (
    build_configured_feedback_optimizer,
    build_configured_optimizer,
    build_rule_on_network,
)
from pepita_jax.sweep.numbers import can_vary, vary, with_followers
from pepita_jax.training import one_step
from pepita_jax.training.optimizers import OPTIMIZERS, optimizer_options
from tests.cases import make_batch

COMMON = {"weight_decay": 0.1, "decoupled_weight_decay": 0.2, "clip_norm": 0.3}
CASES = {
    "rate after a drop": (
        "pepita,mlp,digits", {"schedule.epochs": (1,)}, {"optimizer.learning_rate": 0.3}
    ),
    "rate under a cosine": (
        "bp,mlp,digits", {"schedule.name": "cosine", "num_epochs": 3},
        {"optimizer.learning_rate": 0.3},
    ),
    "decays and norm": (
        "bp,mlp,digits",
        {f"optimizer.{f}": v for f, v in COMMON.items()},
        {f"optimizer.{f}": 2 * v for f, v in COMMON.items()},
    ),
    "own rate of F": (
        "kolen_pollack,mlp,digits", {"feedback_optimizer.learning_rate": 0.1},
        {"feedback_optimizer.learning_rate": 0.5},
    ),
    "momentum that F follows in": (
        "kolen_pollack,mlp,digits", {"feedback_optimizer.learning_rate": 0.1},
        {"optimizer.momentum": 0.5},
    ),
    "momentum, slow": ("bp,mlp,digits", {}, {"optimizer.momentum": 0.5}),
    "dropout, slow": ("bp,mlp,digits", {}, {"model.dropout": 0.4}),
    "no dropout, slow": ("bp,conv,digits", {"model.hidden": (6,), "model.dropout": 0.2},
                   {"model.dropout": 0.0}),
    "scale of F, slow": ("pepita,mlp,digits", {}, {"rule.feedback_scale": 0.5}),
    "noise, slow": ("experiments.papers.pepita.noise.InputNoise,mlp,digits", {},
              {"rule.noise_scale": 1.0, "rule.noise_low": 0.0}),
    "sign, slow": ("pepita,mlp,digits", {}, {"rule.modulation_sign": -1}),
    "mirror, slow": ("weight_mirror,mlp,digits", {}, {"rule.decay": 0.3}),
    "mirrored F, slow": (
        "pepita_mirrored,mlp,digits", {},
        {"rule.mirror_decay": 0.3},
    ),
    "decay, slow": ("kolen_pollack,mlp,digits", {}, {"rule.decay": 0.1}),
    "adam": ("bp,mlp,digits", {"optimizer.name": "adam", "optimizer.learning_rate": 0.01},
             {"optimizer.b1": 0.5, "optimizer.eps": 1e-3}),
    "adamw, slow": ("bp,mlp,digits", {"optimizer.name": "adamw", "optimizer.learning_rate": 0.01},
              {"optimizer.weight_decay": 0.5}),
}  # fmt: skip


@dataclass(frozen=True)
class Compares(BP):
    """A rule with an option that Python compares."""

    static_options: ClassVar[frozenset[str]] = frozenset({"gain"})
    gain: float = 1.0


def make_config(choice, fields):
    config = get_config(choice)
    config.update_from_flattened_dict({"model.hidden": (6,), **fields})
    return as_plain(config, fields)


def five_steps(make):
    """Weights and F after five steps, two steps an epoch.

    `make() -> (rule, optimizer, feedback_optimizer)` is traced.
    """

    @jax.jit
    def train(key):
        rule, optimizer, of_feedback = make()
        state = one_step.init_state(rule, optimizer, key, of_feedback)
        batch = make_batch(rule.net, size=8)
        step = lambda state, key: (
            one_step.train_step(
                rule, optimizer, state, batch._replace(key=key), feedback_optimizer=of_feedback
            )[0],
            None,
        )
        state, _ = jax.lax.scan(step, state, jax.random.split(key, 5))
        return state.params, state.feedback

    return train(jax.random.key(0))


def build(config):
    optimizers = (
        build_configured_optimizer(config, 2),
        build_configured_feedback_optimizer(config, 2),
    )
    return build_rule_on_network(config), *optimizers


def slow_ones(cases):
    """Compiling takes most of the time: a few are enough for every day."""
    return [pytest.param(c, marks=pytest.mark.slow) if "slow" in c else c for c in cases]


@pytest.mark.parametrize("case", slow_ones(CASES))
def test_an_array_does_what_the_configured_number_does(case):
    choice, fields, numbers = CASES[case]
    config = make_config(choice, fields)
    trained = build(config)
    arrays = {field: jnp.asarray(number, jnp.float32) for field, number in numbers.items()}
    for field in numbers:
        assert can_vary(config, field)

    wanted = make_config(choice, {**fields, **numbers})
    varied = five_steps(lambda: vary(*trained, with_followers(arrays, config)))
    configured = build(wanted)
    plain = five_steps(lambda: configured)
    chex.assert_trees_all_close(varied, plain, rtol=0, atol=1e-5)
    other = five_steps(lambda: vary(*trained, {}))
    of = 1 if all(field.startswith("feedback") for field in numbers) else 0
    assert np.abs(other[of][0] - plain[of][0]).max() > 1e-4  # the number matters


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ("bp,mlp,digits", "batch_size"),
        ("bp,mlp,digits", "schedule.factor"),
        ("bp,conv,digits", "model.kernel_size"),
        ("bp,mlp,digits", "optimizer.nothing"),
        ("pepita,mlp,digits", "rule.presynaptic"),
        ("tests.sweep.test_numbers.Compares,mlp,digits", "rule.gain"),
    ],
)
def test_other_fields_are_not_taken_for_arrays(choice, field):
    assert not can_vary(make_config(choice, {}), field)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_number_that_can_vary_can_be_traced_by_its_optimizer(name):
    config = make_config("bp,mlp,digits", {"optimizer.name": name})
    own = [f for f in optimizer_options(name) if can_vary(config, f"optimizer.{f}")]
    rule, optimizer = build_rule_on_network(config), build_configured_optimizer(config)
    for field in ("learning_rate", *own):

        def step(number, key, field=field):
            made = vary(rule, optimizer, None, {f"optimizer.{field}": number})[:2]
            return one_step.train_step(
                *made, one_step.init_state(*made, key), make_batch(rule.net, size=2)
            )

        jax.eval_shape(step, jnp.float32(0.5), jax.random.key(0))

"""Numbers that enter a program as arrays do what they do as constants."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs.default import as_plain, get_config
from pepita_jax.runs.build import build_rule_on_network, build_scheduled_optimizer
from pepita_jax.sweep.groups import _can_be_traced
from pepita_jax.training import one_seed
from pepita_jax.training.recipe import Varied
from tests.cases import make_batch

CASES = {
    "rate after a drop": (
        "pepita,mlp,digits", {"schedule.epochs": (1,)}, {"optimizer.learning_rate": 0.3}
    ),
    "momentum": ("bp,mlp,digits", {}, {"optimizer.momentum": 0.5}),
    "dropout, slow": ("bp,mlp,digits", {}, {"model.dropout": 0.4}),
    "no dropout, slow": ("bp,conv,digits", {"model.hidden": (6,), "model.dropout": 0.2},
                   {"model.dropout": 0.0}),
    "scale of F": ("pepita,mlp,digits", {}, {"rule.feedback_scale": 0.5}),
    "sign, slow": ("pepita,mlp,digits", {}, {"rule.modulation_sign": -1}),
    "noise, slow": ("pepita,mlp,digits", {"rule.modulation": "noise"},
              {"rule.noise_scale": 1.0, "rule.noise_low": 0.0}),
    "mirror, slow": ("weight_mirror,mlp,digits", {}, {"rule.decay": 0.3}),
    "mirrored F, slow": (
        "pepita,mlp,digits", {"rule.feedback": "mirrored", "rule.modulation_sign": -1},
        {"rule.mirror_decay": 0.3},
    ),
    "decay, slow": ("kolen_pollack,mlp,digits", {}, {"rule.decay": 0.1}),
    "adam": ("bp,mlp,digits", {"optimizer.name": "adam", "optimizer.learning_rate": 0.01},
             {"optimizer.b1": 0.5, "optimizer.eps": 1e-3}),
    "adamw, slow": ("bp,mlp,digits", {"optimizer.name": "adamw", "optimizer.learning_rate": 0.01},
              {"optimizer.weight_decay": 0.5}),
}  # fmt: skip


def make_config(choice, fields):
    config = get_config(choice)
    config.update_from_flattened_dict({"model.hidden": (6,), **fields})
    return as_plain(config, fields)


def five_steps(make):
    """Weights after five steps, two steps an epoch; `make() -> (rule, optimizer)` is traced."""

    @jax.jit
    def train(key):
        rule, optimizer = make()
        state = one_seed.init_state(rule, optimizer, key)
        batch = make_batch(rule.net, size=8)
        step = lambda state, key: (
            one_seed.train_step(rule, optimizer, state, batch._replace(key=key))[0],
            None,
        )
        state, _ = jax.lax.scan(step, state, jax.random.split(key, 5))
        return state.params, state.feedback

    return train(jax.random.key(0))


def slow_ones(cases):
    """Compiling takes most of the time: a few are enough for every day."""
    return [pytest.param(c, marks=pytest.mark.slow) if "slow" in c else c for c in cases]


@pytest.mark.parametrize("case", slow_ones(CASES))
def test_an_array_does_what_the_configured_number_does(case):
    choice, fields, numbers = CASES[case]
    config = make_config(choice, fields)
    recipe = Varied.of(config, build_rule_on_network(config), steps_per_epoch=2)
    arrays = {field: jnp.asarray(number, jnp.float32) for field, number in numbers.items()}
    for field in numbers:
        assert _can_be_traced(config, field)

    wanted = make_config(choice, {**fields, **numbers})
    rule, (optimizer, _) = build_rule_on_network(wanted), build_scheduled_optimizer(wanted, 2)
    found, plain = five_steps(lambda: recipe(arrays)), five_steps(lambda: (rule, optimizer))
    chex.assert_trees_all_close(found, plain, rtol=0, atol=1e-5)
    other = five_steps(lambda: recipe({}))
    assert np.abs(other[0][0] - plain[0][0]).max() > 1e-4  # the number matters


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ("bp,mlp,digits", "batch_size"),
        ("bp,mlp,digits", "schedule.factor"),
        ("bp,conv,digits", "model.kernel_size"),
        ("bp,mlp,digits", "optimizer.nothing"),
    ],
)
def test_other_numbers_are_not_taken_for_arrays(choice, field):
    assert not _can_be_traced(make_config(choice, {}), field)

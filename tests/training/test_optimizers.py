"""Optimizers by name: optax's own, and the schedule of Table 2."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import UserError, build_optimizer
from pepita_jax.training.optimizers import OPTIMIZERS, optimizer_fields
from pepita_jax.training.schedules import step_schedule


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_listed_optimizer_is_optax_s_and_trains(name):
    """With a rate that stays, the updates are those of optax's own function."""
    given = build_optimizer(name, step_schedule(0.01, (), 0.1, steps_per_epoch=1))
    own = getattr(optax, name)(0.01)
    start = W = {"W": jnp.array([[1.0, -2.0], [3.0, 0.5]])}
    states = given.init(W), own.init(W)
    for step in range(4):
        gradient = jax.tree.map(lambda x, step=step: x * jnp.cos(step + x), W)
        found, state = given.update(gradient, states[0], W)
        wanted, own_state = own.update(gradient, states[1], W)
        chex.assert_trees_all_close(found, wanted, rtol=1e-5, atol=1e-7)
        states, W = (state, own_state), optax.apply_updates(W, found)
    assert jnp.any(W["W"] != start["W"])


def test_sgd_with_momentum_is_the_textbook_s():
    optimizer = build_optimizer("sgd", 0.1, momentum=0.9)
    W, velocity = np.array([1.0, 2.0]), np.zeros(2)
    params, state = jnp.asarray(W), optimizer.init(jnp.asarray(W))
    for gradient in np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32):
        velocity = 0.9 * velocity + gradient
        W = W - 0.1 * velocity
        updates, state = optimizer.update(jnp.asarray(gradient), state, params)
        params = optax.apply_updates(params, updates)
    np.testing.assert_allclose(params, W, rtol=1e-6)


def test_unset_options_keep_the_defaults_of_optax():
    given = build_optimizer("adam", 0.1, b1=None, nesterov=None)
    params, gradient = jnp.ones(3), jnp.arange(3.0)
    expected = optax.adam(0.1)
    found, _ = given.update(gradient, given.init(params), params)
    wanted, _ = expected.update(gradient, expected.init(params), params)
    np.testing.assert_array_equal(found, wanted)


def test_a_drop_after_60_epochs_slows_epoch_61():
    rate = step_schedule(0.1, (60, 90), 0.1, steps_per_epoch=7)
    last_of_60, first_of_61, first_of_91 = 60 * 7 - 1, 60 * 7, 90 * 7
    np.testing.assert_allclose(
        [rate(0), rate(last_of_60), rate(first_of_61), rate(first_of_91)],
        [0.1, 0.1, 0.01, 0.001],
        rtol=1e-6,
    )


def test_config_fields_cover_the_keyword_arguments_people_know():
    fields = optimizer_fields()
    known = {"momentum": float, "nesterov": bool, "b1": float, "weight_decay": float}
    assert known.items() <= fields.items()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build_optimizer("sdg", 0.1), "unknown optimizer 'sdg'; valid: sgd, .* more"),
        (lambda: build_optimizer("adam", 0.1, momentum=0.9), "'adam' has no option 'momentum'"),
        (lambda: step_schedule(-0.1, (), 0.1, 1), "learning_rate must be at least 0"),
        (
            lambda: step_schedule(0.1, (-1,), 0.1, 1),
            r"schedule\.epochs must be an integer of at least 0",
        ),
        (lambda: step_schedule(0.1, (), -0.1, 1), r"schedule\.factor must be at least 0"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_jitting_an_optimizer_traces_its_schedule():
    optimizer = build_optimizer("sgd", step_schedule(1.0, (1,), 0.5, steps_per_epoch=1))
    update = jax.jit(optimizer.update)
    state, steps = optimizer.init(jnp.zeros(1)), []
    for _ in range(3):
        updates, state = update(jnp.ones(1), state)
        steps.append(float(updates[0]))
    np.testing.assert_allclose(steps, [-1.0, -0.5, -0.5])


def run_optimizer(optimizer, W, gradients):
    params = jax.tree.map(jnp.asarray, W)
    state = optimizer.init(params)
    for gradient in gradients:
        updates, state = optimizer.update(jax.tree.map(jnp.asarray, gradient), state, params)
        params = optax.apply_updates(params, updates)
    return params


def make_gradients(steps=5):
    random = np.random.default_rng(0)
    draw = lambda: [random.normal(size=shape).astype(np.float32) for shape in ((3, 2), (2,))]
    return draw(), [draw() for _ in range(steps)]


def test_sgd_with_clipping_and_both_decays_is_a_numpy_program():
    """Clipping, then L2 and momentum as in PyTorch's SGD, and the decoupled decay at the end."""
    W, gradients = make_gradients()
    optimizer = build_optimizer(
        "sgd", step_schedule(0.1, (2,), 0.5, 1), momentum=0.9, weight_decay=0.2,
        decoupled_weight_decay=0.3, clip_norm=2.5,
    )  # fmt: skip
    found = run_optimizer(optimizer, W, gradients)

    velocity, scales = [np.zeros_like(w) for w in W], []
    for step, gradient in enumerate(gradients):
        norm = np.sqrt(sum((g**2).sum() for g in gradient))
        scales.append(min(1, 2.5 / norm))
        rate = 0.1 if step < 2 else 0.05
        d = [scales[-1] * g + 0.2 * w for g, w in zip(gradient, W, strict=True)]
        velocity = [0.9 * v + x for v, x in zip(velocity, d, strict=True)]
        W = [w - rate * v - rate * 0.3 * w for w, v in zip(W, velocity, strict=True)]
    assert min(scales) < 1 == max(scales)
    for w, wanted in zip(found, W, strict=True):
        np.testing.assert_allclose(w, wanted, rtol=1e-5, atol=1e-6)


def test_weight_decays_of_adam_are_those_of_optax_where_it_has_them():
    W, gradients = make_gradients()
    decoupled = run_optimizer(
        build_optimizer("adam", 0.1, decoupled_weight_decay=0.3), W, gradients
    )
    own = run_optimizer(build_optimizer("adamw", 0.1, weight_decay=0.3), W, gradients)
    wanted = run_optimizer(optax.adamw(0.1, weight_decay=0.3), W, gradients)
    as_gradient = run_optimizer(build_optimizer("adam", 0.1, weight_decay=0.3), W, gradients)
    for i, w in enumerate(wanted):
        np.testing.assert_allclose(own[i], w, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(decoupled[i], w, rtol=1e-5, atol=1e-6)
    assert np.abs(as_gradient[0] - wanted[0]).max() > 0.01


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("clip_norm", 0, r"optimizer\.clip_norm must be above 0"),
        ("weight_decay", -0.1, r"optimizer\.weight_decay must be at least 0"),
        ("decoupled_weight_decay", "x", "must be a finite number, got 'x'"),
    ],
)
def test_a_wrong_decay_or_norm_is_named(option, value, message):
    with pytest.raises(UserError, match=message):
        build_optimizer("sgd", 0.1, **{option: value})

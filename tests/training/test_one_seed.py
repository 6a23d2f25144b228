"""Training of one seed."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import Batch, UserError, build_network, build_rule
from pepita_jax.training.one_seed import (
    count_correct,
    plan_epoch,
    seed_key,
    train_steps,
)
from pepita_jax.training.one_step import init_state
from tests.cases import make_batch


@pytest.fixture(scope="module")
def rule():
    net = build_network("mlp", input_shape=(4, 4, 1), num_classes=3, hidden=(6,), dropout=0.2)
    return build_rule("pepita", net, feedback_scale=1.0)


@pytest.fixture(scope="module")
def data(rule):
    batch = make_batch(rule.net, size=10)
    return batch.image, batch.label


def test_an_epoch_visits_every_image_once_and_drops_the_incomplete_batch():
    order = np.asarray(plan_epoch(seed_key(0, 0), 1, num_examples=11, batch_size=3).order)
    assert order.shape == (3, 3)
    assert len(set(order.ravel())) == 9
    assert set(order.ravel()) <= set(range(11))


def test_every_epoch_and_seed_has_an_order_of_its_own():
    orders = {
        tuple(np.asarray(plan_epoch(seed_key(0, k), epoch, 20, 5).order).ravel())
        for k in range(3)
        for epoch in range(1, 4)
    }
    assert len(orders) == 9


def test_steps_are_the_rule_s_updates_descended_one_after_another(rule, data):
    """An epoch written out by hand, with momentum, gives the same weights and means."""
    key, optimizer = seed_key(5, 2), optax.sgd(0.1, momentum=0.9)
    state = init_state(rule, optimizer, key)
    plan = plan_epoch(key, 4, 10, 3)
    found, sums = train_steps(rule, optimizer, state, plan, 0, 3, data)

    params = [np.asarray(W) for W in state.params]
    velocity = [np.zeros_like(W) for W in params]
    losses = []
    for step in range(3):
        batch_key = jax.random.fold_in(plan.key, step)
        batch = Batch(data[0][plan.order[step]], data[1][plan.order[step]], batch_key)
        dW, aux = rule.pseudo_gradients(tuple(map(jnp.asarray, params)), state.feedback, batch)
        velocity = [0.9 * v + np.asarray(d) for v, d in zip(velocity, dW, strict=True)]
        params = [W - 0.1 * v for W, v in zip(params, velocity, strict=True)]
        losses.append(aux["loss"])
    for W, expected in zip(found.params, params, strict=True):
        np.testing.assert_allclose(W, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sums["loss"], np.sum(losses), rtol=1e-5)
    np.testing.assert_array_equal(found.feedback, state.feedback)


def test_an_epoch_in_two_pieces_is_the_same_epoch(rule, data):
    key, optimizer = seed_key(0, 0), optax.sgd(0.1)
    steps = jax.jit(lambda s, a, b: train_steps(rule, optimizer, s, plan, a, b, data))
    plan = plan_epoch(key, 1, 10, 2)
    start = init_state(rule, optimizer, key)
    whole, _ = steps(start, 0, 5)
    half, _ = steps(start, 0, 2)
    rest, _ = steps(half, 2, 5)
    for one, other in zip(whole.params, rest.params, strict=True):
        np.testing.assert_array_equal(one, other)


def test_correct_answers_are_counted_over_incomplete_batches():
    net = build_network("mlp", input_shape=(1, 2, 1), num_classes=2, hidden=())
    identity = (jnp.eye(2),)
    image = np.random.default_rng(0).random((11, 1, 2, 1), np.float32)
    answer = image.reshape(11, 2).argmax(1)
    label = np.where(np.arange(11) < 7, answer, 1 - answer)
    data = (jnp.asarray(image), jnp.asarray(label))
    assert count_correct(build_rule("bp", net), identity, (), data, images_at_once=4) == 7


def test_a_rule_with_updates_of_another_shape_is_named_before_anything_is_trained(rule, data):
    class Transposed(type(rule)):
        def pseudo_gradients(self, params, F, batch):
            dW, aux = super().pseudo_gradients(params, F, batch)
            return tuple(d.T for d in dW), aux

    key, optimizer, wrong = seed_key(0, 0), optax.sgd(0.1), Transposed(rule.net)
    plan = plan_epoch(key, 1, 10, 5)
    with pytest.raises(UserError, match="must be like the weights, in shapes"):
        train_steps(wrong, optimizer, init_state(wrong, optimizer, key), plan, 0, 2, data)


def test_bytes_are_scaled_to_the_unit_interval(rule):
    key, optimizer = seed_key(0, 0), optax.sgd(0.1)
    image = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1), np.uint8)
    label = jnp.arange(10) % 3
    plan = plan_epoch(key, 1, 10, 5)
    state = init_state(rule, optimizer, key)
    as_bytes, as_floats = (
        train_steps(rule, optimizer, state, plan, 0, 2, (jnp.asarray(x), label))[0]
        for x in (image, image.astype(np.float32) / 255)
    )
    for one, other in zip(as_bytes.params, as_floats.params, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)

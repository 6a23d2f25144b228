"""Attacks on linear networks, whose worst images are known, and what holds for all of them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_rule
from pepita_jax.attacks import fgsm, pgd
from tests.cases import make_batch, make_network, make_rule, make_weights, pairs

RADIUS = 0.05
ATTACKS = {"fgsm": fgsm, "pgd": pgd, "one step": partial(pgd, steps=1)}
W = np.random.default_rng(0).normal(size=(12, 2))
LABEL = jnp.array([0, 1, 1, 0, 1])


def linear(image):
    return image.reshape(len(image), -1) @ W


def grey(seed=1):
    """Images whose ball lies within [0, 1]."""
    return jnp.asarray(np.random.default_rng(seed).uniform(0.1, 0.9, (5, 2, 3, 2)))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ATTACKS)
def test_of_two_classes_a_linear_network_s_margin_falls_by_the_norm_of_its_weights(name):
    """By radius * |w|_1, w the difference of the classes' weights: the worst of the ball."""
    sign = 1 - 2 * np.asarray(LABEL)
    margin = lambda image: sign * (linear(image)[:, 0] - linear(image)[:, 1])
    image = grey()
    found = ATTACKS[name](linear, image, LABEL, RADIUS)
    worst = margin(image) - RADIUS * np.abs(W[:, 0] - W[:, 1]).sum()
    np.testing.assert_allclose(margin(found), worst, rtol=1e-12)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_network_that_is_sure_is_attacked_as_one_that_is_not(name):
    """Its cross-entropy is 0 in float32, and so is the gradient."""
    image = grey().astype(jnp.float32)
    sure = lambda image: 1e4 * linear(image)
    found, wanted = (ATTACKS[name](scores, image, LABEL, RADIUS) for scores in (sure, linear))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ATTACKS)
def test_images_stay_in_the_ball_and_in_the_unit_of_images(name):
    rule = make_rule("pepita", make_network("conv, hidden layer"))
    params, F = make_weights(rule)
    image = jnp.asarray(np.random.default_rng(0).choice([0.0, 0.02, 0.5, 1.0], (4, 6, 6, 2)))
    found = ATTACKS[name](partial(rule.scores, params, F), image, jnp.array([0, 1, 2, 3]), 0.1)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.abs(found - image).max() <= 0.1 + 1e-12
    assert not np.array_equal(found, image)


@pytest.mark.usefixtures("float64")
def test_more_steps_find_what_one_goes_past():
    """The loss is largest at 0.45."""
    scores = lambda x: jnp.stack([-jnp.abs(x[:, 0, 0, 0] - 0.45), jnp.zeros(len(x))], axis=1)
    image, label = jnp.full((1, 1, 1, 1), 0.5), jnp.array([1])
    assert fgsm(scores, image, label, 0.1).item() == pytest.approx(0.4)
    found = pgd(scores, image, label, 0.1, steps=20, step_size=0.01)
    assert abs(found.item() - 0.45) <= 0.01


@pytest.mark.parametrize(
    ("variant", "net_name"),
    pairs(("bp", "pepita", "contrastive_hebbian", "gevb"), "mlp, normalized"),
)
def test_the_loss_of_what_a_rule_reads_out_rises(variant, net_name):
    rule = make_rule(variant, make_network(net_name))
    params, F = make_weights(rule)
    batch = make_batch(rule.net)
    image = jax.nn.sigmoid(batch.image)
    scores = partial(rule.scores, params, F)
    changed = fgsm(scores, image, batch.label, 1e-3)
    loss = lambda x: -jax.nn.log_softmax(scores(x))[jnp.arange(len(x)), batch.label].sum()
    assert loss(changed) > loss(image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": 0.0}, "radius must"),
        ({"steps": 0}, "steps must"),
        ({"step_size": -1.0}, "step_size must"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    rule = build_rule("bp", make_network("conv"))
    params, F = make_weights(rule)
    batch = make_batch(rule.net)
    with pytest.raises(UserError, match=message):
        pgd(partial(rule.scores, params, F), batch.image, batch.label, **{"radius": 0.1} | options)


def test_images_in_another_unit_are_refused():
    rule = build_rule("bp", make_network("conv"))
    params, F = make_weights(rule)
    batch = make_batch(rule.net)
    standardised = batch.image - 0.5
    with pytest.raises(UserError, match=r"must be in \[0, 1\]"):
        fgsm(partial(rule.scores, params, F), standardised, batch.label, 0.1)


@pytest.mark.parametrize("name", ATTACKS)
def test_bytes_are_images_of_which_255_is_1(name):
    image = np.random.default_rng(0).integers(30, 220, (5, 2, 3, 2), np.uint8)
    found, wanted = (ATTACKS[name](linear, x, LABEL, RADIUS) for x in (image, image / 255))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)

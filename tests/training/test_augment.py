"""Flips and crops against a NumPy transcription, and where they are used."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.training import one_seed as one
from tests.cases import make_batch
from tests.training.test_seed_axis import compile_steps, num_bytes, temporaries
from tests.training.trainers import make_net, make_trainer

AUGMENT = pj.Augment(flip=True, crop=2)
BATCHING = one.Batching(augment=AUGMENT)


@pytest.mark.parametrize("fill", [0.0, (0.5, -1.0)])
@pytest.mark.parametrize(("flip", "crop"), [(True, 0), (False, 1), (True, 2)])
def test_images_are_padded_cut_out_and_mirrored_as_drawn(flip, crop, fill):
    augment = pj.Augment(flip, crop, fill)
    image = np.random.default_rng(0).random((40, 4, 5, 2), np.float32)
    flipped, corners = map(np.asarray, augment.draw(jax.random.key(1), len(image)))
    wanted = []
    for one_image, is_flipped, (top, left) in zip(image, flipped, corners, strict=True):
        padded = np.full((4 + 2 * crop, 5 + 2 * crop, 2), fill, np.float32)
        padded[crop : crop + 4, crop : crop + 5] = one_image
        part = padded[top : top + 4, left : left + 5]
        wanted.append(part[:, ::-1] if flip and is_flipped else part)
    found = jax.jit(augment)(image, jax.random.key(1))
    np.testing.assert_array_equal(found, wanted)


def test_flips_are_fair_and_all_places_are_as_likely():
    flipped, corners = AUGMENT.draw(jax.random.key(0), 20_000)
    assert abs(flipped.mean() - 0.5) < 0.02  # five standard errors
    counts = np.bincount(np.asarray(corners @ jnp.array([5, 1])), minlength=25)
    assert len(counts) == 25
    np.testing.assert_allclose(counts / 20_000, 0.04, atol=0.007)  # likewise
    assert abs(np.corrcoef(flipped, corners[:, 0])[0, 1]) < 0.035


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_step_trains_on_augmented_images_and_draws_all_else_as_without(dtype):
    net = make_net()
    rule, optimizer, key = pj.build_rule("bp", net), optax.sgd(0.1), one.seed_key(0, 1)
    image = np.random.default_rng(0).integers(0, 256, (10, *net.input_shape), np.uint8)
    image = jnp.asarray(image if dtype == np.uint8 else np.float32(image) / 255)
    label = jnp.arange(10) % 3
    plain, plan = one.plan_epoch(key, 2, 10, 4), one.plan_epoch(key, 2, 10, 4, BATCHING)
    np.testing.assert_array_equal(plan.order, plain.order)
    assert plan.key == plain.key
    state = pj.init_state(rule, optimizer, key)
    found, _ = one.train_steps(
        rule, optimizer, state, plan, 1, 2, (image, label), augment=AUGMENT
    )  # fmt: skip
    chosen = plan.order[1]
    seen = AUGMENT(one.as_input(net, image[chosen]), jax.random.fold_in(plan.augment_key, 1))
    batch = pj.Batch(seen, label[chosen], jax.random.fold_in(plan.key, 1))
    wanted, _ = pj.train_step(rule, optimizer, state, batch)
    for W, expected in zip(found.params, wanted.params, strict=True):
        np.testing.assert_allclose(W, expected, rtol=1e-5, atol=1e-7)


def test_seeds_and_epochs_augment_in_their_own_ways():
    plan = lambda k, epoch: one.plan_epoch(one.seed_key(0, k), epoch, 8, 4, BATCHING)
    draws = {
        AUGMENT.draw(plan(k, epoch).augment_key, 20)[1].tobytes()
        for k in range(2)
        for epoch in (1, 2)
    }
    assert len(draws) == 4


def test_nothing_is_augmented_in_evaluation():
    trainers = [make_trainer(batching=b) for b in (one.Batching(), BATCHING)]
    data = make_batch(make_net(), size=13, key=2)
    plain, augmenting = (t.evaluate(t.init(), (data.image, data.label)) for t in trainers)
    np.testing.assert_array_equal(plain, augmenting)
    plain, augmenting = (t.measure_alignment(t.init()) for t in trainers)
    np.testing.assert_array_equal(plain["gradient_angle"], augmenting["gradient_angle"])
    plain, augmenting = (t.train_epoch(t.init(), 1)[1]["train_loss"] for t in trainers)
    assert np.all(plain != augmenting)


@pytest.mark.parametrize("layout", [0, 1])
def test_the_training_set_is_not_copied_for_every_seed(layout):
    few, many = (
        compile_steps(num_seeds=6, layout=layout, num_examples=n, batching=BATCHING)
        for n in (23, 2003)
    )
    copies = (temporaries(many[0]) - temporaries(few[0])) / num_bytes(many[1].data)
    assert copies < 0.1


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (pj.Augment(crop=4), "less than the side of the 4x5 images, got 4"),
        (pj.Augment(crop=-1), r"augment\.crop must be an integer of at least 0"),
        (pj.Augment(flip=1), r"augment\.flip must be true or false"),
        (pj.Augment(crop=1, fill=(0.0, 1.0)), "one number or 3, one per channel"),
        (pj.Augment(crop=1, fill="black"), "must be a finite number, got 'black'"),
    ],
)
def test_mistakes_are_named(augment, message):
    with pytest.raises(pj.UserError, match=message):
        augment.check((4, 5, 3))

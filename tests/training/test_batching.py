"""The order of batches, and the incomplete one at the end of an epoch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.training import one_seed as one
from tests.cases import make_batch
from tests.training.trainers import make_net, make_trainer

ALL = one.Batching(shuffle=False, drop_last=False)


def test_a_fixed_order_is_the_stored_one_in_every_epoch():
    for epoch in (1, 2):
        plan = one.plan_epoch(one.seed_key(0, 0), epoch, 11, 3, ALL)
        np.testing.assert_array_equal(plan.order, np.arange(9).reshape(3, 3))
        np.testing.assert_array_equal(plan.last, [9, 10])


def test_with_the_last_batch_every_image_is_visited_once_in_the_order_that_is_drawn_anyway():
    plain = one.plan_epoch(one.seed_key(0, 0), 1, 11, 3)
    plan = one.plan_epoch(one.seed_key(0, 0), 1, 11, 3, one.Batching(drop_last=False))
    np.testing.assert_array_equal(plan.order, plain.order)
    assert sorted([*plan.order.ravel().tolist(), *plan.last.tolist()]) == list(range(11))
    assert plain.last is None
    assert one.plan_epoch(one.seed_key(0, 0), 1, 9, 3, ALL).last is None
    assert [ALL.steps_per_epoch(n, 3) for n in (9, 10, 11)] == [3, 4, 4]


@pytest.mark.parametrize(
    ("layout", "model"), [(0, "mlp"), pytest.param(1, "conv", marks=pytest.mark.slow)]
)
def test_an_epoch_with_the_last_batch_is_one_written_out_by_hand(layout, model):
    net = make_net(model)
    rule, optimizer = pj.build_rule("bp", net), optax.sgd(0.1, momentum=0.9)
    options = {"num_examples": 11, "layout": layout, "rule": rule, "optimizer": optimizer}
    trainer = make_trainer(batching=ALL, **options)
    states = trainer.init()
    start = jax.tree.map(lambda x: jnp.array(x[1]), states)
    states, metrics = trainer.train_epoch(states, 1)
    assert trainer.steps_per_epoch == 3

    data = make_batch(net, size=11)
    plan, state, images_right = one.plan_epoch(trainer.keys[1], 1, 11, 4, ALL), start, []
    for step, chosen in enumerate((slice(0, 4), slice(4, 8), slice(8, 11))):
        key = jax.random.fold_in(plan.key, step)
        batch = pj.Batch(data.image[chosen], data.label[chosen], key)
        state, aux = pj.train_step(rule, optimizer, state, batch)
        images_right.append(len(batch.label) * aux["accuracy"])
    for W, wanted in zip(states.params, state.params, strict=True):
        np.testing.assert_allclose(W[1], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(metrics["train_accuracy"][1], sum(images_right) / 11, rtol=1e-6)

"""The seed axis: every layout and every number of seeds gives each seed the same result."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import Rule, build_rule
from pepita_jax.training import one_seed as one
from pepita_jax.training import one_step
from tests.training.trainers import NETS, five_steps, make_net, make_trainer


@pytest.mark.parametrize("model", NETS)
@pytest.mark.parametrize(
    ("layout", "num_devices"),
    [(0, 1), (2, 1), (3, 2), (7, 2),
     *(pytest.param(*case, marks=pytest.mark.slow) for case in [(0, 2), (2, 2), (3, 1), (7, 1)])],
)  # fmt: skip
def test_every_layout_gives_the_same_weights(layout, num_devices, model):
    reference = five_steps(layout=1, num_devices=1, model=model)
    for found, wanted in zip(
        five_steps(layout=layout, num_devices=num_devices, model=model), reference, strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layout", [0, 1, 3])
def test_a_seed_does_not_depend_on_how_many_run_beside_it(layout):
    few, many = five_steps(num_seeds=2, layout=layout), five_steps(num_seeds=5, layout=layout)
    for found, wanted in zip(few, many, strict=True):
        np.testing.assert_allclose(found, wanted[:2], rtol=0, atol=1e-5)


def test_what_a_seed_draws_is_the_same_bit_for_bit_alone_and_among_ten():
    trainer = make_trainer(num_seeds=10)
    states, key = trainer.init(), one.seed_key(0, 7)
    rule, optimizer = build_rule("pepita", make_net()), optax.sgd(0.05, momentum=0.9)
    alone = jax.jit(lambda key: one_step.init_state(rule, optimizer, key))(key)
    among = jax.tree.map(lambda x: x[7], states)
    for found, wanted in zip(jax.tree.leaves(among), jax.tree.leaves(alone), strict=True):
        np.testing.assert_array_equal(found, wanted)

    plans = jax.vmap(lambda k: one.plan_epoch(k, 3, 20, 4))(trainer.keys)
    plan = one.plan_epoch(key, 3, 20, 4)
    np.testing.assert_array_equal(plans.order[7], plan.order)
    step_keys = jax.vmap(lambda k: jax.random.fold_in(k, 2))(plans.key)
    masks = jax.vmap(lambda k: make_net().draw_dropout(k, 4)[1])(step_keys)
    mask = make_net().draw_dropout(jax.random.fold_in(plan.key, 2), 4)[1]
    np.testing.assert_array_equal(masks[7], mask)


@dataclass(frozen=True)
class Recorder(Rule):
    """Its weights become a record: the labels and the dropout mask of every step, added up."""

    def pseudo_gradients(self, params, F, batch):
        mask = self.net.draw_dropout(batch.key, len(batch.image))[1]
        weights = jnp.arange(1, len(batch.label) + 1)
        seen = jnp.zeros_like(params[0]).at[0].set(weights @ mask)
        labels = jnp.zeros_like(params[1]).at[0, 0].set(weights @ batch.label)
        return (seen, labels), {"loss": jnp.zeros(()), "accuracy": jnp.zeros(())}


@pytest.mark.parametrize("layout", [0, 1, 2])
def test_order_and_masks_inside_the_program_are_the_same_alone_and_among_many(layout):
    records = []
    for num_seeds in (1, 2, 5):
        trainer = make_trainer(
            num_seeds=num_seeds, layout=layout, rule=Recorder(make_net()), optimizer=optax.sgd(1.0)
        )
        start = jax.tree.map(jnp.zeros_like, trainer.init())
        states, _ = trainer.train_epoch(start, 1)
        records.append(jax.tree.map(np.asarray, trainer.gather(states).params))
    assert np.any(records[0][0])
    for record in records[1:]:
        for found, wanted in zip(record, records[0], strict=True):
            np.testing.assert_array_equal(found[:1], wanted)
    assert not np.array_equal(records[2][0][0], records[2][0][1])


@pytest.mark.parametrize("num_seeds", [1, 2, 3, 4, 5])
def test_devices_share_the_seeds(num_seeds):
    trainer = make_trainer(num_seeds=num_seeds)
    states, _ = trainer.train_epoch(trainer.init(), 1)
    shares = [shard.data.shape[0] for shard in states.params[0].addressable_shards]
    assert shares == ([1] if num_seeds == 1 else [-(-num_seeds // 2)] * 2)
    params = trainer.gather(states).params
    for found, wanted in zip(params, five_steps(num_seeds=5, num_devices=1)[:-1], strict=True):
        np.testing.assert_allclose(found, wanted[:num_seeds], rtol=0, atol=1e-5)


@pytest.mark.parametrize("num_seeds", [3, 4])
def test_states_of_seeds_may_come_from_any_device(num_seeds):
    trainer = make_trainer(num_seeds=num_seeds)
    collected = trainer.gather(trainer.init())
    assert jax.tree.map(lambda x: (x.shape, x.dtype), collected) == jax.tree.map(
        lambda x: (x.shape, x.dtype), trainer.shapes()
    )
    start = jax.device_put(collected, jax.devices()[1])
    assert start.params[0].shape[0] == num_seeds
    states = trainer.shard(start)
    assert trainer.evaluate(states, trainer.data).shape == (num_seeds,)
    assert trainer.measure_alignment(states)["weight_norm"].shape == (num_seeds, 2)
    states, metrics = trainer.train_epoch(states, 1)
    assert metrics["train_loss"].shape == (num_seeds,)
    params = trainer.gather(states).params
    for found, wanted in zip(params, five_steps(num_seeds=num_seeds)[:-1], strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_seeds_differ():
    first, second = (W[:2] for W in zip(*five_steps(num_seeds=2)[:-1], strict=True))
    assert not np.array_equal(first[0], second[0])

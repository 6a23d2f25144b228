"""The seed axis: every layout and every number of seeds gives each seed the same result."""

from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import RULES, Batch, Rule, UserError, build_network, build_optimizer, build_rule
from pepita_jax.analysis import alignment
from pepita_jax.training import one_seed as one
from pepita_jax.training import one_step
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.optimizers import step_schedule
from pepita_jax.training.tuning import default_images_at_once
from tests.cases import make_batch

NETS = {
    "mlp": {"hidden": (8,), "dropout": 0.2},
    "conv": {"channels": (2,), "kernel_size": 3},
}


def make_net(model="mlp"):
    return build_network(model, input_shape=(6, 6, 1), num_classes=3, **NETS[model])


def make_trainer(
    num_seeds=3,
    layout=1,
    model="mlp",
    num_examples=20,
    batch_size=4,
    rule=None,
    optimizer=None,
    num_devices=2,
):
    net = rule.net if rule else make_net(model)
    batch = make_batch(net, size=num_examples)
    keys = seed_keys(0, num_seeds)
    rule = rule or build_rule("pepita", net)
    optimizer = optimizer or optax.sgd(0.05, momentum=0.9)
    data, devices = (batch.image, batch.label), jax.devices()[:num_devices]
    return SeedTrainer(rule, optimizer, data, batch_size, keys, layout, devices)


@cache
def five_steps(**options):
    trainer = make_trainer(**options)
    states, metrics = trainer.train_epoch(trainer.init(), 1)
    return (*jax.tree.map(np.asarray, trainer.gather(states).params), metrics["train_loss"])


@pytest.mark.parametrize("model", NETS)
@pytest.mark.parametrize("num_devices", [1, 2])
@pytest.mark.parametrize("layout", [0, 2, 3, 7])
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
    masks = jax.vmap(lambda k: make_net().draw_dropout(k, 4)[0])(step_keys)
    mask = make_net().draw_dropout(jax.random.fold_in(plan.key, 2), 4)[0]
    np.testing.assert_array_equal(masks[7], mask)


@pytest.mark.parametrize("num_seeds", [1, 2, 3, 4, 5])
def test_devices_share_the_seeds(num_seeds):
    trainer = make_trainer(num_seeds=num_seeds)
    states, _ = trainer.train_epoch(trainer.init(), 1)
    shares = [shard.data.shape[0] for shard in states.params[0].addressable_shards]
    assert shares == ([1] if num_seeds == 1 else [-(-num_seeds // 2)] * 2)
    params = trainer.gather(states).params
    for found, wanted in zip(params, five_steps(num_seeds=5, num_devices=1)[:-1], strict=True):
        np.testing.assert_allclose(found, wanted[:num_seeds], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "batch_size", "wanted"),
    [
        ({}, 100, 10),
        ({}, 64, 16),
        ({}, 97, None),  # no divisor
        ({"hidden": (1024,)}, 100, None),  # too many weights
    ],
)
def test_convolutions_go_through_a_batch_in_pieces(options, batch_size, wanted):
    net = build_network("conv", input_shape=(32, 32, 3), num_classes=10, **options)
    assert default_images_at_once("cpu", net, batch_size) == wanted
    assert default_images_at_once("tpu", net, batch_size) is None
    dense = build_network("mlp", input_shape=(32, 32, 3), num_classes=10, **options)
    assert default_images_at_once("cpu", dense, batch_size) is None


@pytest.mark.parametrize("model", NETS)
def test_accuracies_are_those_of_each_seed_alone(model):
    trainer = make_trainer(num_seeds=7, model=model)  # shares of 4 and 3, in chunks of 5 images
    states, net = trainer.init(), make_net(model)
    data = make_batch(net, size=13, key=2)
    found = trainer.evaluate(states, (data.image, data.label))
    for k in range(7):
        scores = net.apply(jax.tree.map(lambda x, k=k: x[k], states.params), data.image)
        assert found[k] == int((scores.argmax(-1) == data.label).sum()) / 13


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


TRACED = [(name, "mlp", 1) for name in RULES] + [("pepita", "conv", layout) for layout in (0, 2)]


@pytest.mark.parametrize(("name", "model", "layout"), TRACED)
def test_the_training_step_is_traced_once_per_shape(name, model, layout):
    traces = []

    class Counted(RULES[name]):
        def pseudo_gradients(self, params, F, batch):
            traces.append(batch.image.shape)
            return super().pseudo_gradients(params, F, batch)

    rule = Counted(make_net(model))
    optimizer = build_optimizer("adam", step_schedule(0.01, (2,), 0.1, steps_per_epoch=10))
    trainer = make_trainer(
        layout=layout, num_seeds=4, num_examples=43, rule=rule, optimizer=optimizer
    )
    states = trainer.init()
    for epoch in range(1, 4):
        states, _ = trainer.train_epoch(states, epoch)
    assert len(traces) == 1


@dataclass(frozen=True)
class Recorder(Rule):
    """Its weights become a record: the labels and the dropout mask of every step, added up."""

    def pseudo_gradients(self, params, F, batch):
        mask = self.net.draw_dropout(batch.key, len(batch.image))[0]
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


def test_progress_is_reported_and_adds_up():
    trainer = make_trainer(num_examples=203)
    reported = []
    trainer.train_epoch(trainer.init(), 1, reported.append)
    assert sum(reported) == trainer.steps_per_epoch == 50
    assert len(reported) >= 5


def test_means_are_over_the_batches_of_the_epoch():
    trainer = make_trainer(num_seeds=2)
    state = jax.tree.map(np.array, trainer.init())
    _, metrics = trainer.train_epoch(trainer.shard(state), 1)
    rule = build_rule("pepita", make_net())
    optimizer = optax.sgd(0.05, momentum=0.9)
    for k in range(2):
        key = one.seed_key(0, k)
        plan = one.plan_epoch(key, 1, 20, 4)
        start = jax.tree.map(lambda x, k=k: jnp.asarray(x[k]), state)
        _, sums = one.train_steps(rule, optimizer, start, plan, 0, 5, trainer.data)
        np.testing.assert_allclose(metrics["train_loss"][k], sums["loss"] / 5, rtol=1e-5)
        np.testing.assert_allclose(metrics["train_accuracy"][k], sums["accuracy"] / 5, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_seeds": 0}, "num_seeds must be an integer of at least 1, got 0"),
        ({"batch_size": 21}, r"batch_size 21 is larger than the training set \(20 images\)"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1"),
        ({"layout": -1}, "seeds_at_once must be an integer of at least 0"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UserError, match=message):
        make_trainer(**options)


def test_images_of_another_shape_are_refused_before_they_are_cut_into_rows():
    data, rule = make_batch(make_net()), build_rule("bp", make_net())
    small = (data.image[:, :5], data.label)
    with pytest.raises(UserError, match=r"shape \(5, 6, 1\), the network takes \(6, 6, 1\)"):
        SeedTrainer(rule, optax.sgd(0.1), small, 1, seed_keys(0, 1))


@pytest.mark.parametrize("layout", [0, 1, 2])
@pytest.mark.parametrize("rule_name", ["pepita", "weight_mirror", "bp"])
def test_alignment_is_measured_for_every_seed_without_dropout(rule_name, layout):
    net = make_net()
    trainer = make_trainer(rule=build_rule(rule_name, net), layout=layout)
    states = trainer.init()
    found = trainer.measure_alignment(states)
    image, label = (x[:4] for x in trainer.data)
    batch = Batch(one.as_input(net, image), label)
    for k, key in enumerate(trainer.keys[:3]):
        params, F = jax.tree.map(lambda x, k=k: x[k], (states.params, states.feedback))
        rule = build_rule(rule_name, net)
        still = net.without_dropout()
        wanted = alignment(still, rule, params, F, batch._replace(key=jax.random.fold_in(key, 3)))
        for name, values in wanted._asdict().items():
            np.testing.assert_allclose(found[name][k], np.array(values), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("num_seeds", [1, 2, 3])
def test_an_epoch_s_programs_are_compiled_once(num_seeds, caplog):
    trainer = make_trainer(num_seeds)
    states, compiled = trainer.init(), []
    with jax.log_compiles():
        for epoch in (1, 2):
            caplog.clear()
            states, _ = trainer.train_epoch(states, epoch)
            compiled.append("Finished XLA compilation" in caplog.text)
    assert compiled == [True, False]

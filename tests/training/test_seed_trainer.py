"""A trainer of many seeds: it compiles once, reports, measures each seed, and refuses mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import RULES, Batch, UserError, build_optimizer, build_rule
from pepita_jax.analysis import alignment
from pepita_jax.training import one_seed as one
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.schedules import step_schedule
from tests.cases import make_batch
from tests.training.trainers import NETS, make_net, make_trainer

TRACED = [
    ("bp", "mlp", 1),
    ("weight_mirror", "mlp", 1),
    ("pepita", "conv", 0),
    ("pepita", "conv", 2),
]


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


@pytest.mark.parametrize("model", NETS)
def test_accuracies_are_those_of_each_seed_alone(model):
    trainer = make_trainer(num_seeds=7, model=model)  # shares of 4 and 3, in chunks of 5 images
    states, net = trainer.init(), make_net(model)
    data = make_batch(net, size=13, key=2)
    found = trainer.evaluate(states, (data.image, data.label))
    for k in range(7):
        scores = net.apply(jax.tree.map(lambda x, k=k: x[k], states.params), data.image)
        assert found[k] == int((scores.argmax(-1) == data.label).sum()) / 13


@pytest.mark.parametrize(
    ("rule_name", "layout"),
    [
        *(("pepita", layout) for layout in (0, 1, 2)),
        ("weight_mirror", 2),
        ("bp", 0),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (("weight_mirror", 0), ("weight_mirror", 1), ("bp", 1), ("bp", 2))
        ),
    ],
)
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
            if name == "gauss_newton_angle":
                assert values == ()
                assert name not in found
                continue
            np.testing.assert_allclose(found[name][k], np.array(values), rtol=1e-4, atol=1e-3)


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

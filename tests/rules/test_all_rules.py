"""What every rule must do: a new line in `RULES` inherits all of this (on filters, slow tests)."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from configs.learning_rates import DIGITS, learning_rates
from configs.presets import MODEL_OF_RULE, OPTIMIZER_OF_RULE
from pepita_jax import (
    MODELS,
    RULES,
    Batch,
    Rule,
    UserError,
    build_network,
    build_rule,
    load_dataset,
)
from pepita_jax import train as train_seeds
from pepita_jax.training import one_step
from tests.cases import (
    UNLIKE_NETWORKS,
    VARIANTS,
    assert_trees_close,
    make_batch,
    make_network,
    make_rule,
    make_weights,
    marked,
    pairs,
    suits,
)

# Test accuracy on the digits, mean of three seeds after four epochs, that each must exceed.
# Guessing gives 0.1; frozen random features already separate most digits.
DIGITS_FLOOR = {"bp": 0.85, "sdfa": 0.5, "pepita_time_local": 0.65, "burst_propagation": 0.2}
DEFAULT_FLOOR = 0.8
TOO_SLOW = {"forward_gradient, weights"}  # for four epochs


def make(variant, net_name):
    rule = make_rule(variant, make_network(net_name))
    return rule, *make_weights(rule), make_batch(rule.net)


ON_ANY = pairs(VARIANTS, *UNLIKE_NETWORKS[:4])
ON_TWO = pairs(VARIANTS, "mlp, biases", "conv, normalized")
FILTERS = ("bp", "weight_mirror", "pepita", "pepita_mirrored", "local_error")  # of the most kinds


@pytest.mark.parametrize(("variant", "net_name"), marked(ON_TWO, ON_ANY))
def test_pseudo_gradients_are_shaped_like_the_weights(variant, net_name):
    rule, params, F, batch = make(variant, net_name)
    pseudo_gradients, aux = jax.eval_shape(rule.pseudo_gradients, params, F, batch)
    assert isinstance(pseudo_gradients, tuple)
    assert_like(pseudo_gradients, params)
    for key, is_there in (
        ("feedback", rule.learns_feedback),
        ("feedback_value", rule.sets_feedback),
    ):
        assert (key in aux) == is_there
        if is_there:
            assert_like(aux[key], F)
    assert (type(rule).second_pseudo_gradients is not Rule.second_pseudo_gradients) == (
        rule.steps_per_batch == 2
    )
    assert_like(jax.eval_shape(rule.project, params), params)
    scores = jax.eval_shape(rule.scores, params, F, batch.image)
    assert scores.shape == (len(batch.label), rule.net.num_classes)


LARGER = sorted(MODELS.keys() - {"mlp", "conv", "lenet5", "chain"})  # chain has no layers itself


@pytest.mark.parametrize(
    "model",
    ["mlp", "conv", "lenet5", *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER)],
)
def test_every_rule_takes_every_model(model):
    net = build_network(model, input_shape=(32, 32, 3), num_classes=10)
    key = jax.ShapeDtypeStruct((), jax.random.key(0).dtype)
    image, label = jnp.zeros((2, 32, 32, 3)), jnp.zeros(2, int)
    for name in RULES:
        if not suits(name, net):
            with pytest.raises(UserError, match=f"^{RULES[name].__name__} "):
                build_rule(name, net)
            continue
        rule = build_rule(name, net)
        params, F = jax.eval_shape(rule.init, key)
        update = lambda params, F, key, rule=rule: rule.pseudo_gradients(
            params, F, Batch(image, label, key)
        )
        assert_like(jax.eval_shape(update, params, F, key)[0], params)


@pytest.mark.parametrize(("variant", "net_name"), marked(ON_TWO, ON_ANY))
def test_feedback_is_shaped_like_its_forward_equivalent_if_it_has_one(variant, net_name):
    rule = make_rule(variant, make_network(net_name))
    params, F = jax.eval_shape(rule.init, jax.random.key(3))
    forward_equivalent = jax.eval_shape(rule.forward_equivalent, params)
    if jax.tree.leaves(forward_equivalent):
        assert jax.tree.structure(forward_equivalent) == jax.tree.structure(F)
        assert jax.tree.leaves(forward_equivalent) == jax.tree.leaves(F)


def assert_like(found, wanted):
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)


@pytest.mark.parametrize(("variant", "net_name"), marked(pairs(VARIANTS, "conv, normalized")))
def test_it_is_finite_and_pure(variant, net_name):
    rule, params, F, batch = make(variant, net_name)
    found = pseudo_gradients, aux = rule.pseudo_gradients(params, F, batch)
    assert np.any(pseudo_gradients[-1])
    assert aux["loss"] > 0
    assert 0 <= aux["accuracy"] <= 1
    again = rule.pseudo_gradients(params, F, batch)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(again), strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


NO_MEAN = "a rule whose update is meant to be no mean over images says splits_batches = False"


def those(has, dense, conv):
    """The variants whose rules are so, on a dense network or, of `FILTERS`, a convolutional one."""
    found = pairs(VARIANTS, "conv")
    variants = [v for v, name in found if has(make_rule(v, make_network(name)))]
    some = [v for v in variants if v in FILTERS]
    return marked([*pairs(variants, dense), *pairs(some, conv)], pairs(variants, conv))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("variant", "net_name"),
    marked([*pairs(VARIANTS, "mlp, biases"), *pairs(FILTERS, "conv, normalized")], ON_TWO),
)
def test_vmap_over_seeds_equals_a_loop(variant, net_name):
    net = make_network(net_name)
    rule = make_rule(variant, net)
    keys = jax.random.split(jax.random.key(0), 2)
    params, F = jax.vmap(rule.init)(keys)
    batch = make_batch(net)
    together, _ = jax.vmap(rule.pseudo_gradients, in_axes=(0, 0, None))(params, F, batch)
    for k in range(2):
        alone, _ = rule.pseudo_gradients(*jax.tree.map(lambda x, k=k: x[k], (params, F)), batch)
        found = jax.tree.map(lambda x, k=k: x[k], together)
        assert_trees_close(found, alone)


@pytest.mark.parametrize(
    ("variant", "net_name"),
    those(
        lambda r: not (r.splits_batches and r.draws_noise),
        "mlp, biases",
        "conv, two blocks, padded",
    ),
)
def test_an_update_by_pieces_is_the_update_of_the_batch(variant, net_name):
    """Nothing is summed over samples; a rule that does not split batches takes them whole."""
    rule, params, F, _ = make(variant, net_name)
    batch = make_batch(rule.net, size=6, dropout=rule.draws_noise)
    whole = rule.pseudo_gradients(params, F, batch)
    pieces = one_step.by_pieces(rule, params, F, batch, images_at_once=2)
    arrays = zip(jax.tree.leaves(pieces), jax.tree.leaves(whole), strict=True)
    for found, wanted in arrays:
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6, err_msg=NO_MEAN)


def test_pieces_may_have_no_key_and_must_be_equal():
    rule, params, _, _ = make("bp", "conv")
    batch = make_batch(rule.net, 6, dropout=False)
    one_step.by_pieces(rule, params, (), batch, images_at_once=2)
    with pytest.raises(UserError, match="must divide 6, got 4"):
        one_step.by_pieces(rule, params, (), batch, images_at_once=4)


@pytest.mark.parametrize(
    ("variant", "net_name"),
    those(lambda r: r.splits_batches and r.draws_noise, "mlp, four layers, tanh", "conv"),
)
def test_pieces_draw_noise_of_their_own(variant, net_name):
    rule, params, F, _ = make(variant, net_name)
    batch = make_batch(rule.net, size=6)
    found = one_step.by_pieces(rule, params, F, batch, images_at_once=2)
    of_pieces = [
        rule.pseudo_gradients(params, F, Batch(batch.image[i : i + 2], batch.label[i : i + 2], key))
        for i, key in zip((0, 2, 4), jax.random.split(batch.key, 3), strict=True)
    ]
    for whole, *parts in zip(*map(jax.tree.leaves, (found, *of_pieces)), strict=True):
        np.testing.assert_allclose(whole, np.mean(parts, axis=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("variant", "net_name"), marked(pairs(VARIANTS, "conv")))
def test_a_rule_that_draws_noise_says_so(variant, net_name):
    """Another key makes another update, and no key is refused; of other rules neither is true."""
    rule, params, F, batch = make(variant, net_name)
    rule = replace(rule, net=rule.net.without_dropout())
    other = batch._replace(key=jax.random.key(9))
    without_key = batch._replace(key=None)
    if rule.draws_noise:
        with pytest.raises(UserError, match="needs a batch with a key"):
            rule.pseudo_gradients(params, F, without_key)
    batches = batch, other if rule.draws_noise else without_key
    one, another = (jax.tree.leaves(rule.pseudo_gradients(params, F, b)) for b in batches)
    differ = [not np.array_equal(x, y) for x, y in zip(one, another, strict=True)]
    assert any(differ) == rule.draws_noise


@pytest.mark.parametrize(("variant", "net_name"), marked(pairs(VARIANTS, "mlp, three layers")))
def test_only_rules_that_say_so_change_their_feedback(variant, net_name):
    rule, _, _, batch = make(variant, net_name)
    optimizer = optax.sgd(0.1, momentum=0.9)
    before = one_step.init_state(rule, optimizer, jax.random.key(0))
    after, _ = one_step.train_step(rule, optimizer, before, batch)
    arrays = (jax.tree.leaves(state.feedback) for state in (before, after))
    are_same = [np.array_equal(one, other) for one, other in zip(*arrays, strict=True)]
    assert all(are_same) != (rule.learns_feedback or rule.sets_feedback)


@pytest.mark.parametrize(("variant", "net_name"), marked(pairs(VARIANTS, "mlp, three layers")))
def test_bytes_are_images_of_which_255_is_1(variant, net_name):
    rule, params, F, batch = make(variant, net_name)
    image = np.random.default_rng(0).integers(0, 256, batch.image.shape, np.uint8)
    optimizer = optax.sgd(0.1)
    state = one_step.init_state(rule, optimizer, jax.random.key(0))
    state = state.replace(params=params, feedback=F)
    as_bytes, as_floats = (
        one_step.train_step(rule, optimizer, state, batch._replace(image=jnp.asarray(image)))
        for image in (image, image / np.float32(255))
    )
    found, wanted = ((after.params, after.feedback) for after, _ in (as_bytes, as_floats))
    assert_trees_close(found, wanted, rtol=1e-3, atol=1e-5)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


WITH_ADAM = ("pepita",)  # an optimizer knows nothing of rules
WITH_ADAM_ALONE = tuple(OPTIMIZER_OF_RULE)  # SGD takes more epochs, see there


@pytest.mark.parametrize(
    ("variant", "optimizer"),
    [
        *((v, "sgd") for v in RULES if v not in WITH_ADAM_ALONE),
        *((v, "adam") for v in (*WITH_ADAM, *WITH_ADAM_ALONE)),
        *(pytest.param(v, "adam", marks=pytest.mark.slow) for v in ("bp", "pepita_mirrored")),
        *(
            pytest.param(v, "sgd", marks=pytest.mark.slow)
            for v in VARIANTS
            if v not in {*RULES, *TOO_SLOW}
        ),
    ],
)
def test_it_learns_digits(variant, optimizer, digits):
    rule_name, _ = VARIANTS[variant]
    options = {"hidden": (128,), **MODEL_OF_RULE.get(rule_name, {})}
    net = build_network("mlp", input_shape=(8, 8, 1), num_classes=10, **options)
    sgd = optax.sgd(learning_rates(rule_name).digits or DIGITS["mlp"], momentum=0.9)
    result = train_seeds(
        net, make_rule(variant, net), sgd if optimizer == "sgd" else optax.adam(3e-3),
        train=digits.train, test=digits.test,
        num_seeds=3, num_epochs=4, batch_size=32, progress=False,
    )  # fmt: skip
    floor = DIGITS_FLOOR.get(rule_name, DEFAULT_FLOOR)
    assert result.history["test_accuracy"][:, -1].mean() > floor


@pytest.mark.parametrize("name", ["gevb", "forward_forward"])
def test_a_rule_with_weights_of_its_own_refuses_the_network_s(name):
    options = {"input_shape": (6, 6, 2), "num_classes": 4, "hidden": (7, 6, 5)}
    rule = build_rule(name, build_network("mlp", **options))
    params, (_, F) = rule.net.init(jax.random.key(0)), rule.init(jax.random.key(0))
    batch = make_batch(rule.net)
    for compute in (
        lambda: rule.scores(params, F, batch.image),
        lambda: rule.pseudo_gradients(params, F, batch),
    ):
        with pytest.raises(UserError, match=r"weights have shapes .* those that rule\.init"):
            compute()


def test_shallow_leaves_hidden_layers_alone():
    rule, params, F, batch = make("shallow", "mlp, four layers, tanh")
    hidden = rule.pseudo_gradients(params, F, batch)[0][:-1]
    assert not any(jnp.any(g) for g in hidden)

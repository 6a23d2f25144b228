"""Forward gradients: over all sign directions their mean is the gradient, without any noise."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_network, build_rule
from pepita_jax.rules import forward_gradient
from pepita_jax.rules.forward_gradient import ForwardGradient
from tests.cases import assert_trees_close, make_batch, make_network, make_params, slow_after

pytestmark = pytest.mark.usefixtures("float64")

# At most twelve weights, or at most eleven units: few enough for every combination of signs.
FEW_WEIGHTS = {"input_shape": (1, 2, 1), "num_classes": 2, "hidden": (2, 2)}
FEW_UNITS = {
    "mlp": {"input_shape": (2, 2, 1), "num_classes": 3, "hidden": (5, 3), "dropout": 0.3},
    "mlp, normalized": {"input_shape": (2, 2, 1), "num_classes": 3, "hidden": (4,), "bias": True,
                        "activation": "tanh", "normalize": True},
    "conv": {"input_shape": (3, 3, 1), "num_classes": 3, "channels": (2,), "kernel_size": 2},
}  # fmt: skip
CASES = {
    "weights": ("mlp", FEW_WEIGHTS, {"perturb": "weights"}),
    "weights, biases": ("mlp", {**FEW_WEIGHTS, "hidden": (2,), "bias": True},
                        {"perturb": "weights"}),
    **{name: (name.split(",")[0], options, {}) for name, options in FEW_UNITS.items()},
}  # fmt: skip


def make(case, **options):
    model, of_net, of_rule = CASES[case]
    net = build_network(model, **of_net)
    rule = build_rule("forward_gradient", net, **of_rule, **options)
    return rule, make_params(net), rule.init_feedback(jax.random.key(3)), make_batch(net)


def over_all_signs(monkeypatch, rule, power=1):
    """Takes means over all combinations of signs, of estimates to a power.

    All samples have the same signs, which does not matter: each has a derivative of its own.
    """
    of_weights = rule.perturb == "weights"
    one_sample = tuple(jnp.zeros((1, *layer.activity_shape)) for layer in rule.net.layers)
    arrays, tree = jax.tree.flatten(make_params(rule.net) if of_weights else one_sample)
    ends = np.cumsum([x.size for x in arrays])
    signs = jnp.asarray(list(product((-1.0, 1.0), repeat=int(ends[-1]))))

    def draw(i, directions, where):
        parts = zip(jnp.split(signs[i], ends[:-1]), arrays, strict=True)
        v = tree.unflatten([part.reshape(x.shape) for part, x in parts])
        return jax.tree.map(jnp.multiply, v, where)

    def mean_over(estimate, keys):
        estimates = jax.vmap(estimate)(jnp.arange(len(signs)))
        return jax.tree.map(lambda x: (x**power).mean(0), estimates)

    monkeypatch.setattr(forward_gradient, "draw", draw)
    monkeypatch.setattr(forward_gradient, "mean_over", mean_over)


@pytest.mark.parametrize("output", ["exact", "perturbed"])
@pytest.mark.parametrize("case", slow_after(3, CASES))
def test_the_mean_over_all_signs_is_the_gradient(case, output, monkeypatch):
    rule, params, F, batch = make(case, output=output)
    over_all_signs(monkeypatch, rule)
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    assert_trees_close(found, build_rule("bp", rule.net).pseudo_gradients(params, (), batch)[0])


@pytest.mark.parametrize("output", ["exact", "perturbed"])
@pytest.mark.parametrize("case", slow_after(3, CASES))
def test_with_local_losses_the_mean_is_decoupled_greedy_learning(case, output, monkeypatch):
    rule, params, F, batch = make(case, loss="local", output=output)
    over_all_signs(monkeypatch, rule)
    found, aux = jax.jit(rule.pseudo_gradients)(params, F, batch)
    greedy = build_rule("decoupled_greedy", rule.net)
    expected, of_greedy = greedy.pseudo_gradients(params, F, batch)
    assert_trees_close(found, expected)
    assert_trees_close(aux["feedback"], of_greedy["feedback"])


def test_of_signs_the_mean_square_is_the_gradient_s_times_the_number_of_weights(monkeypatch):
    rule, params, _, batch = make("weights", output="perturbed")
    over_all_signs(monkeypatch, rule, power=2)
    squares, _ = rule.pseudo_gradients(params, (), batch)
    gradient, _ = build_rule("bp", rule.net).pseudo_gradients(params, (), batch)
    total = sum(jnp.sum(g**2) for g in gradient)
    for square in squares:
        np.testing.assert_allclose(square, total, rtol=1e-12)  # in each of the twelve


def test_of_units_only_those_that_reach_the_next_layer_add_noise(monkeypatch):
    rule, params, _, batch = make("conv")
    over_all_signs(monkeypatch, rule, power=2)
    monkeypatch.setattr(ForwardGradient, "update", lambda self, squares, activity, e: squares)
    (squares, _), _ = rule.pseudo_gradients(params, (), batch)
    activity = rule.net.forward(params, batch.image)
    e = activity.h[-1] - rule.net.one_hot(batch.label)
    g = rule.net.backward(activity, params[1:], e)[0]
    of_image = (g**2).sum((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(squares, jnp.where(g == 0, 0, of_image), rtol=1e-12)
    assert 0 < np.count_nonzero(g) < g.size


@pytest.mark.parametrize("net_name", ["mlp, biases", "conv, hidden layer", "chain, deep"])
def test_directions_are_at_units_that_reach_the_next_layer(net_name):
    """Others receive nothing, whatever comes back from there."""
    net = make_network(net_name)
    batch, params = make_batch(net), make_params(net)
    masks = net.draw_dropout(batch.key, len(batch.image))
    activity = net.forward(params, batch.image, masks)
    for l, found in enumerate(forward_gradient.reaching(net, activity)[:-1]):
        pooled = lambda a, l=l: net.layers[l].downstream(net.activate(l, a, masks), masks[l + 1])
        received, send_back = jax.vjp(pooled, activity.a[l])
        (d,) = send_back(jax.random.uniform(jax.random.key(l), received.shape, minval=0.1))
        np.testing.assert_array_equal(found, d != 0)


@pytest.mark.parametrize("loss", ["global", "local"])
@pytest.mark.parametrize("perturb", ["weights", "activities"])
def test_a_small_difference_is_the_derivative(perturb, loss):
    net = make_network("mlp, four layers, tanh")
    params, batch = make_params(net), make_batch(net)
    options = {"perturb": perturb, "loss": loss, "directions": "sign", "samples": 2}
    exact = build_rule("forward_gradient", net, **options)
    F = exact.init_feedback(jax.random.key(3))
    rule = build_rule("forward_gradient", net, **options, derivative="difference", sigma=1e-5)
    expected, found = (jax.jit(r.pseudo_gradients)(params, F, batch)[0] for r in (exact, rule))
    assert_trees_close(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", ["global", "local"])
@pytest.mark.parametrize("perturb", ["weights", "activities"])
def test_without_hidden_layers_it_is_bp(perturb, loss):
    net = make_network("mlp, one layer")
    rule = build_rule("forward_gradient", net, perturb=perturb, loss=loss)
    params, batch = make_params(net), make_batch(net)
    found, _ = rule.pseudo_gradients(params, (), batch)
    assert_trees_close(found, build_rule("bp", net).pseudo_gradients(params, (), batch)[0])


@pytest.mark.parametrize(("directions", "fourth"), [("normal", 3), ("sign", 1)])
def test_directions_have_unit_variance_and_the_fourth_moment_of_their_kind(directions, fourth):
    where = (jnp.ones(200_000), jnp.zeros(3))
    v, none = forward_gradient.draw(jax.random.key(0), directions, where)
    np.testing.assert_array_equal(none, 0)
    np.testing.assert_allclose([v.mean(), (v**2).mean()], [0, 1], atol=0.01)
    np.testing.assert_allclose((v**4).mean(), fourth, rtol=0.02)


def test_samples_are_averaged():
    keys = jax.random.split(jax.random.key(0), 5)
    found = forward_gradient.mean_over(jax.random.normal, keys)
    np.testing.assert_allclose(found, jax.vmap(jax.random.normal)(keys).mean(), rtol=1e-12)


@pytest.mark.parametrize(("option", "value"), [("samples", 0), ("sigma", 0.0)])
def test_an_option_out_of_range_is_refused(option, value):
    with pytest.raises(UserError, match=rf"rule\.{option} must"):
        build_rule("forward_gradient", make_network("conv"), **{option: value})

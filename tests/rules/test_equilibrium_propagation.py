"""Equilibrium propagation against the gradient through the settling of its free phase."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import EquilibriumPropagation, UserError
from tests.cases import assert_trees_close, make_batch, make_network, make_params
from tests.rules.limits import error, updates

pytestmark = pytest.mark.usefixtures("float64")

STEPS = {"free_steps": 200, "nudged_steps": 200}


def quiet(net):
    """Weights at which the free phase settles."""
    return jax.tree.map(lambda W: W / 2, make_params(net))


def gradient(rule, params, batch):
    """Of the cost, by autodiff through the settling of the free phase."""
    net = rule.net.without_dropout()
    settled = EquilibriumPropagation(net, cost=rule.cost, free_steps=rule.free_steps)

    def cost(params):
        scores, t = settled.scores(params, (), batch.image), net.one_hot(batch.label)
        if rule.cost == "network":
            return net.losses(scores, t).mean()
        h_L = scores if net.output == "linear" else jax.nn.sigmoid(scores)
        return jnp.sum((h_L - t) ** 2, axis=1).mean() / 2

    return jax.jit(jax.grad(cost))(params)


@pytest.mark.parametrize(
    ("net_name", "cost"),
    [("mlp, four layers, tanh", "network"), ("conv, hidden layer", "network"),
     ("chain, strides", "network"), ("mlp, sigmoid output", "squared_error"),
     ("mlp, linear", "squared_error")],
)  # fmt: skip
def test_equilibrium_propagation_is_the_gradient_of_the_free_phase(net_name, cost):
    """Its error falls with beta^2 where the nudging is symmetric."""
    net = make_network(net_name)
    params, batch = quiet(net), make_batch(net, dropout=False)
    wanted = gradient(EquilibriumPropagation(net, cost=cost, **STEPS), params, batch)

    @jax.jit
    def find(beta):
        rule = EquilibriumPropagation(net, beta=beta, cost=cost, **STEPS)
        return rule.pseudo_gradients(params, (), batch)[0]

    errors = [error(find(beta), wanted) for beta in (1e-2, 1e-3)]
    assert errors[0] < 1e-3
    np.testing.assert_allclose(errors[0] / errors[1], 100, rtol=0.1)


@pytest.mark.parametrize("nudging", ["one_sided", "random_sign"])
def test_one_sided_nudging_has_an_error_that_falls_with_beta(nudging):
    net = make_network("mlp, four layers, tanh")
    params, batch = quiet(net), make_batch(net)
    wanted = gradient(EquilibriumPropagation(net, **STEPS), params, batch)

    @jax.jit
    def find(beta):
        rule = EquilibriumPropagation(net, beta=beta, nudging=nudging, **STEPS)
        return rule.pseudo_gradients(params, (), batch)[0]

    errors = [error(find(beta), wanted) for beta in (1e-2, 1e-3)]
    assert errors[0] < 0.05
    np.testing.assert_allclose(errors[0] / errors[1], 10, rtol=0.1)


def test_the_random_sign_is_drawn_for_each_batch():
    net = make_network("mlp, sigmoid output")
    params, batch = quiet(net), make_batch(net)
    find = lambda rule, key: updates(rule)(params, batch._replace(key=jax.random.key(key)))
    drawn = EquilibriumPropagation(net, nudging="random_sign")
    of_beta = find(EquilibriumPropagation(net, nudging="one_sided"), 0)
    equal = [error(find(drawn, key), of_beta) < 1e-12 for key in range(8)]
    assert any(equal)
    assert not all(equal)


def test_the_free_phase_settles_where_its_equations_hold():
    net = make_network("mlp, sigmoid output")
    params, batch = quiet(net), make_batch(net, dropout=False)
    rule = EquilibriumPropagation(net, cost="squared_error", **STEPS)
    W_1, W_2 = map(np.asarray, params)
    scores = np.asarray(jax.jit(lambda p: rule.scores(p, (), batch.image))(params))
    h_2 = 1 / (1 + np.exp(-scores))
    h_1 = np.tanh(np.asarray(batch.image).reshape(5, -1) @ W_1 + h_2 @ W_2.T)
    np.testing.assert_allclose(h_1 @ W_2, scores, rtol=1e-12)


def test_the_residual_says_whether_the_free_phase_has_settled():
    net = make_network("mlp, four layers, tanh")
    params, batch = quiet(net), make_batch(net)
    residual = lambda steps: EquilibriumPropagation(net, free_steps=steps).residual(
        params, batch.image
    )
    assert residual(1) > 1e-3
    assert residual(100) < 1e-14


def test_initial_weights_are_the_network_s_times_the_scale():
    net = make_network("mlp, biases")
    params = EquilibriumPropagation(net, init_scale=0.3).init_params(jax.random.key(0))
    expected = jax.tree.map(lambda W: 0.3 * W, net.init(jax.random.key(0)))
    assert_trees_close(params, expected)


def test_normalized_networks_are_refused():
    with pytest.raises(UserError, match="EquilibriumPropagation needs a network without normalize"):
        EquilibriumPropagation(make_network("conv, normalized"))


def test_a_squared_error_of_softmax_units_is_refused():
    with pytest.raises(UserError, match="needs output sigmoid or linear"):
        EquilibriumPropagation(make_network("conv"), cost="squared_error")

"""Synthetic gradients: what predicts, what it should have predicted, and how it learns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import build_rule
from tests.cases import assert_trees_close as assert_same
from tests.cases import make_batch, make_network, make_params

pytestmark = pytest.mark.usefixtures("float64")

NAME = "synthetic_gradients"


def make(net_name):
    """A rule, weights, feedback of any value, and a batch."""
    net = make_network(net_name)
    rule = build_rule(NAME, net)
    zeros, structure = jax.tree.flatten(rule.init_feedback(jax.random.key(0)))
    keys = jax.random.split(jax.random.key(3), len(zeros))
    F = structure.unflatten(jax.random.normal(k, x.shape) for k, x in zip(keys, zeros, strict=True))
    return rule, make_params(net), F, make_batch(net)


def update(rule, params, F, batch):
    return jax.jit(rule.pseudo_gradients)(params, F, batch)


def test_a_linear_network_s_gradient_can_be_predicted_exactly():
    """With squared error it is h A + t C, and there the prediction has nothing left to learn."""
    net = make_network("mlp, linear")
    rule, params, batch = build_rule(NAME, net), make_params(net), make_batch(net)
    W = params[1]
    ((A, C),) = F = rule.forward_equivalent(params)
    np.testing.assert_allclose(A, W @ W.T)
    np.testing.assert_allclose(C, -W.T)
    found, aux = update(rule, params, F, batch)
    bp, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    assert_same(found, bp)
    assert_same(jax.tree.leaves(aux["feedback"]), [np.zeros_like(A), np.zeros_like(C)])


@pytest.mark.parametrize(
    "net_name", ["mlp, biases", "mlp, normalized", "conv, normalized", "chain, strides"]
)
def test_it_follows_its_prediction_and_that_learns_by_its_own_gradient(net_name):
    """Against autodiff of h_l . g_l, and of half the squared error of the prediction."""
    rule, params, F, batch = make(net_name)
    net, stop, size = rule.net, jax.lax.stop_gradient, len(batch.image)
    t, masks = net.one_hot(batch.label), net.draw_dropout(batch.key, size)
    shapes = [(size, *layer.activity_shape) for layer in net.layers[:-1]]

    def predict(h, A, C):
        return jnp.einsum("b...m,mn->b...n", h, A) + jnp.einsum("bk,k...->b...", t, C)

    def activities(params, added):
        """h of a pass with something added to every hidden pre-activation."""
        return net.forward(params, batch.image, masks, noise=added).h

    @jax.jit
    def expected(params, F):
        nothing = [jnp.zeros(shape) for shape in shapes]
        h = activities(params, nothing)
        g = [predict(h_l, *AC) for h_l, AC in zip(h, F, strict=False)]

        # d_l: what g_l is at the pre-activation of its layer.
        def at(l, added):
            return jnp.vdot(activities(params, added)[l], stop(g[l]))

        d = [jax.grad(lambda added, l=l: at(l, added))(nothing)[l] for l in range(len(g))]
        d.append(h[-1] - t)

        def loss(F):
            total = 0.0
            for l, AC in enumerate(F):
                # The layer above as a function of h_l alone.
                def above(change, l=l):
                    x = net.layers[l].downstream(h[l] + change, masks[l + 1])
                    W = params[l + 1].W if net.layers[l + 1].bias else params[l + 1]
                    return net.layers[l + 1].multiply(x, W)

                (wanted,) = jax.vjp(above, jnp.zeros_like(h[l]))[1](d[l + 1])
                total += jnp.square(predict(h[l], *AC) - stop(wanted)).sum() / (2 * size)
            return total

        return d, jax.grad(loss)(F)

    found, aux = update(rule, params, F, batch)
    d, dF = expected(params, F)
    assert_same(found, net.hebbian(net.forward(params, batch.image, masks).x, d), rtol=1e-9)
    assert_same(jax.tree.leaves(aux["feedback"]), jax.tree.leaves(dF), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("net_name", ["mlp, biases", "conv, hidden layer"])
def test_it_begins_as_shallow(net_name):
    net = make_network(net_name)
    rule, params, batch = build_rule(NAME, net), make_params(net), make_batch(net)
    found, _ = update(rule, params, rule.init_feedback(jax.random.key(0)), batch)
    shallow, _ = build_rule("shallow", net).pseudo_gradients(params, (), batch)
    assert_same(found, shallow)


@pytest.mark.parametrize("net_name", ["mlp, biases", "conv, hidden layer"])
def test_without_activity_it_is_drtp_in_the_hidden_layers(net_name):
    rule, params, F, batch = make(net_name)
    F = tuple((jnp.zeros_like(A), C) for A, C in F)
    found, _ = update(rule, params, F, batch)
    drtp = build_rule("drtp", rule.net, hidden_reduction="mean")
    wanted, _ = drtp.pseudo_gradients(params, tuple(C for _, C in F), batch)
    assert_same(found[:-1], wanted[:-1])

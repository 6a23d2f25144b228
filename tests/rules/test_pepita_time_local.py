"""PEPITA-TL: two steps a batch, which for small steps are that of PEPITA-Hebbian."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import build_rule, train_step
from pepita_jax.types import TrainState
from tests.cases import assert_trees_close, make_batch, make_network, make_params


def make(name, rule_name="pepita_time_local"):
    net = make_network(name)
    rule = build_rule(rule_name, net, feedback_scale=2.0)
    return rule, make_params(net), rule.init_feedback(jax.random.key(3)), make_batch(net)


def change(rule, params, F, batch, learning_rate):
    """What one step changes, per learning rate."""
    sgd = optax.sgd(learning_rate)
    state = TrainState(params, F, sgd.init(params), ())
    after, _ = jax.jit(lambda state, batch: train_step(rule, sgd, state, batch))(state, batch)
    return jax.tree.map(lambda new, old: (old - new) / learning_rate, after.params, params)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "mlp, biases", "conv, hidden layer"])
def test_it_differs_from_pepita_hebbian_by_the_learning_rate(name):
    rule, params, F, batch = make(name)
    hebbian, *_ = make(name, "pepita_hebbian")
    wanted, _ = hebbian.pseudo_gradients(params, F, batch)

    def difference(learning_rate):
        found = change(rule, params, F, batch, learning_rate)
        pairs = zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True)
        return np.sqrt(sum(((one - other) ** 2).sum() for one, other in pairs))

    large, small = difference(1e-5), difference(1e-6)
    assert large > 0
    np.testing.assert_allclose(small, large / 10, rtol=0.01)


@pytest.mark.usefixtures("float64")
def test_it_is_two_steps_of_hebbian_learning():
    """A NumPy transcription: the second pass has the weights that the first one leaves."""
    rule, params, F, batch = make("mlp, four layers, tanh")
    found = change(rule, params, F, batch, learning_rate=0.1)
    t = np.asarray(rule.net.one_hot(batch.label))
    x, F = np.asarray(batch.image).reshape(len(t), -1), np.asarray(F).reshape(t.shape[1], -1)

    def activities(x, W):
        h = [x]
        for W_l in W[:-1]:
            h.append(np.tanh(h[-1] @ W_l))
        return [*h, np.asarray(jax.nn.softmax(h[-1] @ W[-1]))]

    def step(W, h, sign):
        products = [below.T @ above / len(t) for below, above in pairwise(h)]
        return [W_l - sign * 0.1 * dW for W_l, dW in zip(W, products, strict=True)]

    W = [np.asarray(W) for W in params]
    h = activities(x, W)
    between = step(W, h, sign=1)
    h_err = activities(x + (h[-1] - t) @ F, between)
    after = step(between, [*h_err[:-1], t], sign=-1)
    wanted = [(old - new) / 0.1 for old, new in zip(W, after, strict=True)]
    assert_trees_close(found, wanted, rtol=1e-9)


def test_both_passes_have_the_same_dropout():
    rule, params, F, batch = make("mlp, three layers")
    no_error = {"error": jnp.zeros((len(batch.image), rule.net.num_classes))}
    first, _ = rule.pseudo_gradients(params, F, batch)
    second, _ = rule.second_pseudo_gradients(params, F, batch, no_error)
    for hidden, again in zip(first[:-1], second[:-1], strict=True):
        np.testing.assert_allclose(again, -hidden, rtol=1e-5)
    other = batch._replace(key=jax.random.key(8))
    assert not np.allclose(rule.pseudo_gradients(params, F, other)[0][1], first[1])

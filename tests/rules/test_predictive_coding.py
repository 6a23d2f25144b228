"""Predictive coding against the energy that it descends, and where it must be backpropagation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import BP, PredictiveCoding, UserError, mlp
from tests.cases import UNLIKE_NETWORKS, assert_trees_close, make_batch, make_network
from tests.cases import make_params as draw
from tests.rules.limits import error, updates

pytestmark = pytest.mark.usefixtures("float64")


def make(net_name, **options):
    """Its update as a function of weights and a batch, with weights and a batch."""
    net = make_network(net_name)
    return updates(PredictiveCoding(net, **options)), net, draw(net), make_batch(net)


def energy(net, params, x, batch, masks):
    """Half the squared errors of all states x, and the loss of the scores that they predict."""
    first = net.forward(params, batch.image, masks)
    mu = [first.a[0]]
    for l, x_l in enumerate(x):
        received = net.input_of(l + 1, net.activate(l, x_l, masks), masks)
        mu.append(net.layers[l + 1].forward(received, params[l + 1]))
    errors = sum(jnp.sum((x_l - mu_l) ** 2) for x_l, mu_l in zip(x, mu, strict=False))
    return errors / 2 + net.losses(mu[-1], net.one_hot(batch.label)).sum()


@pytest.mark.parametrize("net_name", ["mlp, biases", "conv, normalized", "chain, strides"])
def test_states_and_weights_descend_the_energy(net_name):
    find, net, params, batch = make(net_name, steps=3, step_size=0.2)

    @jax.jit
    def by_autodiff(params, batch):
        masks = net.draw_dropout(batch.key, len(batch.image))
        x = net.forward(params, batch.image, masks).a[:-1]
        for _ in range(3):
            slope = jax.grad(lambda x: energy(net, params, x, batch, masks))(x)
            x = jax.tree.map(lambda x_l, dx_l: x_l - 0.2 * dx_l, x, slope)
        return jax.grad(lambda W: energy(net, W, x, batch, masks) / len(batch.image))(params)

    assert_trees_close(find(params, batch), by_autodiff(params, batch))


def test_it_is_the_equations_sample_by_sample():
    find, net, params, batch = make("mlp, four layers, tanh", steps=4, step_size=0.3, nudge=0.5)
    W, T = [np.asarray(W) for W in params], np.asarray(net.one_hot(batch.label))
    expected = [np.zeros_like(W_l) for W_l in W]
    for image, t in zip(np.asarray(batch.image).reshape(len(T), -1), T, strict=True):
        x = [image @ W[0]]
        for W_l in W[1:-1]:
            x.append(np.tanh(x[-1]) @ W_l)

        def errors(x, image=image, t=t):
            s = [image, *map(np.tanh, x)]
            mu = [s_l @ W_l for s_l, W_l in zip(s, W, strict=True)]
            powers = np.exp(mu[-1])
            return s, [x_l - mu_l for x_l, mu_l in zip(x, mu, strict=False)] + [
                0.5 * (t - powers / powers.sum())
            ]

        for _ in range(4):
            s, eps = errors(x)
            x = [
                x[l] - 0.3 * (eps[l] - (1 - s[l + 1] ** 2) * (W[l + 1] @ eps[l + 1]))
                for l in range(3)
            ]
        s, eps = errors(x)
        for dW_l, s_l, eps_l in zip(expected, s, eps, strict=True):
            dW_l -= np.outer(s_l, eps_l) / 0.5 / len(T)
    assert_trees_close(find(params, batch), expected)


@pytest.mark.parametrize("net_name", UNLIKE_NETWORKS)
def test_at_step_size_1_each_layer_passes_backpropagation_once(net_name):
    """Z-IL: the update of layer l after L - l steps is the gradient (Song et al., 2020)."""
    _, net, params, batch = make(net_name)
    gradients = updates(BP(net))(params, batch)
    num_layers = len(net.layers)
    for steps in range(num_layers):  # at step size 0 any number of steps is none
        rule = PredictiveCoding(net, steps=max(steps, 1), step_size=float(steps > 0))
        l = num_layers - 1 - steps
        assert_trees_close(updates(rule)(params, batch)[l : l + 1], gradients[l : l + 1])


@pytest.mark.parametrize("net_name", UNLIKE_NETWORKS)
def test_with_fixed_predictions_it_settles_at_backpropagation(net_name):
    find, net, params, batch = make(net_name, predictions="fixed", steps=200, step_size=0.5)
    assert_trees_close(find(params, batch), updates(BP(net))(params, batch))


@pytest.mark.parametrize("net_name", ["mlp, four layers, tanh", "chain, strides"])
def test_a_small_nudge_makes_it_backpropagation(net_name):
    """The error falls with beta."""
    _, net, params, batch = make(net_name)
    wanted = updates(BP(net))(params, batch)

    def of_nudge(nudge):
        rule = PredictiveCoding(net, steps=1000, step_size=0.3, nudge=nudge)
        found = updates(rule)(params, batch)
        return error(found, wanted)

    assert of_nudge(1e-2) < 0.05
    np.testing.assert_allclose(of_nudge(1e-3) / of_nudge(1e-4), 10, rtol=0.05)


def test_a_linear_network_settles_at_a_loss_in_closed_form():
    """The gradient of e S^-1 e^T / 2, S = I + sum over l > 1 of P_l^T P_l, P_l = W_l ... W_L."""
    options = {"hidden": (5, 4), "activation": "linear", "output": "linear"}
    net = mlp((2, 3, 1), 3, **options)
    params, batch = draw(net), make_batch(net)
    found = updates(PredictiveCoding(net, steps=2000, step_size=0.2))(params, batch)

    def loss(params):
        _, W_2, W_3 = params
        S = jnp.eye(3) + W_3.T @ W_3 + (W_2 @ W_3).T @ (W_2 @ W_3)
        e = net.apply(params, batch.image) - net.one_hot(batch.label)
        return jnp.sum(e * jnp.linalg.solve(S, e.T).T, axis=1).mean() / 2

    assert_trees_close(found, jax.jit(jax.grad(loss))(params))


@pytest.mark.parametrize("options", [{"step_size": -0.1}, {"nudge": 0.0}])
def test_options_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(UserError, match=rf"rule\.{name} must be"):
        PredictiveCoding(make_network("conv"), **options)

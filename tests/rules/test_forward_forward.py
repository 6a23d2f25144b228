"""Forward-forward: its closed form is the gradient of each layer's own loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_rule, mlp
from pepita_jax.rules.base import noise_key
from tests.cases import assert_trees_close, make_batch, make_network, make_params, make_weights

NETWORKS = ["mlp, two layers", "mlp, four layers, tanh", "mlp, biases"]


def make(name, **options):
    rule = build_rule("forward_forward", make_network(name), **options)
    return rule, *make_weights(rule), make_batch(rule.net)


def rms_norm(h):
    return h / jnp.sqrt((h**2).mean(1, keepdims=True) + 1e-8)


def losses(rule, hidden, F, batch, wrong, peer=0.0):
    """The sum of the layers' losses; no gradient passes a layer's input."""
    net, t = rule.net, jax.nn.one_hot(batch.label, rule.net.num_classes)
    masks = net.draw_dropout(batch.key, len(t))
    activate = {"relu": jax.nn.relu, "tanh": jnp.tanh, "linear": lambda a: a}[net.activation]

    def goodness(label):
        flat = batch.image.reshape(len(t), -1)
        h, of_layers = jnp.concatenate([label, flat[:, len(label[0]) :]], 1), []
        for l, W in enumerate(hidden):
            x = jax.lax.stop_gradient(rms_norm(h))
            x = x if l or masks[0] is None else x * masks[0].reshape(len(t), -1)
            h = activate(x @ W.W + W.b[None] if net.layers[l].bias else x @ W)
            h = h if masks[l + 1] is None else h * masks[l + 1]
            of_layers.append(h)
        return of_layers

    total = 0.0
    for positive, negative, m in zip(goodness(t), goodness(wrong), F, strict=True):
        n = len(m)
        total += jax.nn.softplus(n - (positive**2).sum(1)).mean() / 2
        total += jax.nn.softplus((negative**2).sum(1) - n).mean() / 2
        m = 0.9 * m + 0.1 * positive.mean(0)
        total += peer * ((m - m.mean()) ** 2).mean()
    return total


def drawn_labels(rule, batch):
    t = rule.net.one_hot(batch.label)
    return rule.wrong_labels(noise_key(rule.net, batch), t, jnp.zeros_like(t))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_gradient_of_the_layers_own_losses(name):
    rule, params, F, batch = make(name, peer_normalization=0.0)
    wrong = drawn_labels(rule, batch)
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    wanted = jax.jit(jax.grad(lambda hidden: losses(rule, hidden, F, batch, wrong)))(params[:-1])
    assert_trees_close(found[:-1], wanted)


@pytest.mark.usefixtures("float64")
def test_peer_normalization_is_a_gradient_that_takes_no_notice_of_the_activation():
    """With a linear one, where s' is 1, it is the whole gradient."""
    rule, params, F, batch = make("mlp, linear", peer_normalization=5.0)
    wrong = drawn_labels(rule, batch)
    found, aux = jax.jit(rule.pseudo_gradients)(params, F, batch)
    gradient = jax.grad(lambda hidden: losses(rule, hidden, F, batch, wrong, peer=5.0))
    assert_trees_close(found[:-1], jax.jit(gradient)(params[:-1]))
    plain = build_rule("forward_forward", rule.net, peer_normalization=0.0)
    without, _ = jax.jit(plain.pseudo_gradients)(params, F, batch)
    assert not np.allclose(found[0], without[0])

    x = batch.image.reshape(5, -1).at[:, :4].set(rule.net.one_hot(batch.label))
    mean = (rms_norm(x) @ params[0]).mean(0)
    np.testing.assert_allclose(aux["feedback_value"][0], 0.9 * F[0] + 0.1 * mean, rtol=1e-9)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_read_out_learns_by_the_delta_rule_on_all_layers_but_the_first(name):
    rule, params, F, batch = make(name, readout_rate=3.0)
    found, aux = jax.jit(rule.pseudo_gradients)(params, F, batch)
    loss = lambda params: rule.net.losses(
        rule.read_out(params, batch.image, rule.net.draw_dropout(batch.key, 5))[1],
        rule.net.one_hot(batch.label),
    ).mean()
    value, wanted = jax.jit(jax.value_and_grad(loss))(params)
    assert_trees_close([found[-1]], [jax.tree.map(lambda dW: 3 * dW, wanted[-1])])
    np.testing.assert_allclose(aux["loss"], value)
    hidden = [layer.units for layer in rule.net.layers[:-1]]
    read = hidden[1:] or hidden
    assert jax.tree.leaves(params[-1])[0].shape == (sum(read), 4)


def test_goodness_is_that_of_a_pass_for_each_label():
    rule, params, F, batch = make("mlp, four layers, tanh", readout="goodness")
    found = jax.jit(rule.scores)(params, F, batch.image)
    for k in range(4):
        h = batch.image.reshape(5, -1).at[:, :4].set(jnp.eye(4)[jnp.full(5, k)])
        wanted = 0
        for l, W in enumerate(params[:-1]):
            h = jnp.tanh(rms_norm(h) @ W)
            wanted += (h**2).sum(1) if l > 0 else 0
        np.testing.assert_allclose(found[:, k], wanted, rtol=1e-4)


@pytest.mark.parametrize("negatives", ["uniform", "softmax"])
def test_negatives_are_wrong_labels(negatives):
    """They are drawn alike, or as the read-out has them."""
    rule, *_ = make("mlp, two layers", negatives=negatives)
    t = jnp.tile(jax.nn.one_hot(2, 4), (20000, 1))
    scores = jnp.tile(jnp.log(jnp.array([1.0, 2.0, 9.0, 3.0])), (20000, 1))
    found = rule.wrong_labels(jax.random.key(0), t, scores).mean(0)
    wanted = {"uniform": [1 / 3, 1 / 3, 0, 1 / 3], "softmax": [1 / 6, 2 / 6, 0, 3 / 6]}
    np.testing.assert_allclose(found, wanted[negatives], atol=0.015)
    assert found[2] == 0


def test_the_length_of_an_activity_does_not_reach_the_next_layer():
    """Else the second layer would need no more than it to tell the images apart."""
    rule, params, _, batch = make("mlp, three layers")
    masks = rule.net.draw_dropout(None, 5)
    label = rule.net.one_hot(batch.label)
    one = rule.forward(params, batch.image, label, masks)
    other = rule.forward((10 * params[0], *params[1:]), batch.image, label, masks)
    np.testing.assert_allclose(other.h[0], 10 * one.h[0], rtol=1e-5)
    np.testing.assert_allclose(other.h[1], one.h[1], rtol=1e-5)


@pytest.mark.usefixtures("float64")
def test_pepita_hebbian_is_the_gradient_of_a_difference_of_goodness():
    """With ReLU, of (|h_l|^2 - |h_l^err|^2) / 2: the modulated pass is the positive one."""
    net = make_network("mlp, three layers")
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("pepita_hebbian", net, feedback_scale=2.0)
    F = rule.init_feedback(jax.random.key(3))
    e = net.forward(params, batch.image).h[-1] - net.one_hot(batch.label)
    x = batch.image.reshape(5, -1)

    def goodness(hidden, h):
        total = 0.0
        for W in hidden:
            h = jax.nn.relu(jax.lax.stop_gradient(h) @ W)
            total += (h**2).sum(1).mean() / 2
        return total

    difference = lambda hidden: (
        goodness(hidden, x) - goodness(hidden, x + e @ F.reshape(len(F), -1))
    )
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    assert_trees_close(found[:-1], jax.jit(jax.grad(difference))(params[:-1]), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "why"),
    [("conv", "dense layers"), ("mlp, one layer", "a hidden layer"),
     ("mlp, normalized", "normalize=False")],
)  # fmt: skip
def test_networks_that_do_not_suit_it_are_refused(name, why):
    with pytest.raises(UserError, match=f"ForwardForward .*{why}"):
        build_rule("forward_forward", make_network(name))


def test_images_without_room_for_a_label_are_refused():
    with pytest.raises(UserError, match="ForwardForward needs images of 10 numbers or more"):
        build_rule("forward_forward", mlp((3, 3, 1), 10, hidden=(5,)))


def test_one_class_has_no_wrong_label():
    net = mlp((6, 6, 2), 1, hidden=(3,))
    with pytest.raises(UserError, match="ForwardForward needs two classes"):
        build_rule("forward_forward", net)

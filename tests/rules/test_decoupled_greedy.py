"""Local classifiers that learn: each layer's own loss, and BP with one hidden layer."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import build_network, build_rule
from pepita_jax.networks.pooling import average_to
from pepita_jax.training import one_step
from tests.cases import UNLIKE_NETWORKS, make_batch, make_network, make_params, slow_after
from tests.cases import assert_trees_close as assert_same

pytestmark = pytest.mark.usefixtures("float64")


def quarters(h):
    """Means over the windows that PyTorch's adaptive pooling to 2x2 pixels has."""
    height, width = h.shape[1:3]
    spans = lambda n: [(i * n // min(n, 2), -(-(i + 1) * n // min(n, 2))) for i in range(min(n, 2))]
    rows = [[h[:, y:y2, x:x2].mean((1, 2)) for x, x2 in spans(width)] for y, y2 in spans(height)]
    return jnp.stack([jnp.stack(row, 1) for row in rows], 1)


def local_losses(net, params, F, batch):
    """The sum of all layers' own losses, whose gradients do not reach the layers below."""
    t, masks = net.one_hot(batch.label), net.draw_dropout(batch.key, len(batch.image))
    frozen = net.forward(jax.lax.stop_gradient(params), batch.image, masks)
    total = 0
    for l, (layer, W) in enumerate(zip(net.layers, params, strict=True)):
        a = layer.forward(jax.lax.stop_gradient(frozen.x[l]), W)
        if l == len(F):
            return total + net.losses(a, t).mean()
        z = layer.downstream(net.activate(l, a, masks), masks[l + 1])
        z = quarters(z) if z.ndim == 4 else z
        total += net.losses(jnp.einsum("bi,ki->bk", z.reshape(len(t), -1),
                                       F[l].reshape(len(F[l]), -1)), t).mean()  # fmt: skip


@pytest.mark.parametrize("net_name", slow_after(4, UNLIKE_NETWORKS))
def test_it_is_the_gradient_of_every_layer_s_own_loss(net_name):
    net = make_network(net_name)
    rule, params, batch = build_rule("decoupled_greedy", net), make_params(net), make_batch(net)
    F = rule.init_feedback(jax.random.key(3))
    found, aux = jax.jit(rule.pseudo_gradients)(params, F, batch)
    gradient = jax.jit(jax.grad(lambda *weights: local_losses(net, *weights, batch), (0, 1)))
    expected, expected_F = gradient(params, F)
    assert_same(found, expected)
    assert_same(aux["feedback"], expected_F)


def test_with_one_hidden_layer_it_trains_as_bp_does_from_the_output_s_weights():
    """C_1 = W_2 at the start stays so, and the hidden layer learns by backpropagation."""
    net = make_network("mlp, two layers")
    rule, bp, optimizer = build_rule("decoupled_greedy", net), build_rule("bp", net), optax.sgd(0.1)
    start = one_step.init_state(bp, optimizer, jax.random.key(0))
    C = (start.params[1].T,)
    state = start.replace(feedback=C, feedback_opt_state=optimizer.init(C))
    step = jax.jit(lambda rule, state, batch: one_step.train_step(rule, optimizer, state, batch)[0],
                   static_argnums=0)  # fmt: skip
    for i in range(20):
        batch = make_batch(net, key=i)
        state, start = step(rule, state, batch), step(bp, start, batch)
    assert_same(state.params, start.params, rtol=1e-12)
    assert_same(state.feedback, [start.params[1].T], rtol=1e-12)


def test_with_classifiers_that_do_not_learn_dense_layers_have_local_errors():
    net = make_network("mlp, biases")
    params, batch = make_params(net), make_batch(net)
    F = build_rule("local_error", net).init_feedback(jax.random.key(3))
    found, expected = (
        build_rule(name, net).pseudo_gradients(params, F, batch)[0]
        for name in ("decoupled_greedy", "local_error")
    )
    assert_same(found, expected)


@pytest.mark.parametrize("readout", ["last", "sum"])
def test_images_are_classified_by_the_last_layer_or_by_all(readout):
    net = make_network("mlp, biases")
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("decoupled_greedy", net, readout=readout)
    F = rule.init_feedback(jax.random.key(3))
    scores, h = net.apply(params, batch.image), net.forward(params, batch.image).h
    if readout == "sum":
        scores = scores + sum(h_l @ C.T for h_l, C in zip(h[:-1], F, strict=True))
    np.testing.assert_allclose(rule.scores(params, F, batch.image), scores, rtol=1e-12)
    _, aux = rule.pseudo_gradients(params, F, batch)
    np.testing.assert_allclose(aux["loss"], net.measure(scores, batch.label)["loss"], rtol=1e-12)


def test_classifiers_of_a_convolution_see_four_pixels_at_most():
    net = build_network("conv", input_shape=(12, 12, 1), num_classes=10, channels=(8, 5),
                        kernel_size=3, hidden=(50,))  # fmt: skip
    F = build_rule("decoupled_greedy", net).init_feedback(jax.random.key(0))
    assert [C.shape for C in F] == [(10, 2, 2, 8), (10, 1, 1, 5), (10, 50)]


@pytest.mark.parametrize("shape", [(4, 6), (5, 3), (1, 2), (7, 1)])
def test_the_means_are_those_of_adaptive_pooling(shape):
    h = jnp.asarray(np.random.default_rng(0).normal(size=(2, *shape, 3)))
    np.testing.assert_allclose(average_to(h, 2), quarters(h), rtol=1e-12)

"""Broadcast error vectors: against backpropagation in the same vectorized network."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import UserError, analysis, build_rule, chain, train_step
from pepita_jax.training.one_step import init_state
from tests.cases import assert_trees_close, make_batch, make_network, to_numpy

K = 4


def make_net(*parts, **options):
    return chain((6, 6, 2), K, layers=", ".join(parts), **options)


NETS = {
    "dense": make_net("dense 8", "dense 6"),
    "biases, dropout": make_net("dense 8", "dropout 0.3", "dense 7", bias=True, input_dropout=0.2),
    "conv": make_net("conv 4 3", "avgpool 2", "dense 6", bias=True),
    "two conv": make_net("conv 4 3 padding=1", "avgpool 2", "conv 6 2", "globalavgpool"),
}


def make(net, seed=0, size=5, **options):
    """Weights that are not at their initial values, but not negative either."""
    rule = build_rule("gevb", net, **options)
    params, F = rule.init(jax.random.key(seed))
    move = lambda W: W + 0.1 * jax.random.normal(jax.random.key(9), W.shape)
    return rule, rule.project(jax.tree.map(move, params)), F, make_batch(net, size)


def both(net, **options):
    """The broadcast update and the gradient."""
    rule, params, F, batch = make(net, **options)
    backward = build_rule("gevb", net, errors="backward")
    return [jax.jit(r.pseudo_gradients)(params, F, batch)[0] for r in (rule, backward)]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", NETS)
def test_one_sample_s_update_has_the_signs_of_the_gradient(name):
    """Of filters too where, as here, their inputs are images, or all their positions are alike."""
    for found, gradient in zip(*map(jax.tree.leaves, both(NETS[name], size=1)), strict=True):
        both_are = (np.abs(found) > 1e-12) & (np.abs(gradient) > 1e-12)
        assert both_are.any()
        np.testing.assert_array_equal(np.sign(found)[both_are], np.sign(gradient)[both_are])


@pytest.mark.usefixtures("float64")
def test_one_sample_s_gradient_is_the_update_times_what_a_unit_does_to_the_output():
    """g_L = 1, g_l = (g_{l+1} * G_{l+1}) W_{l+1}^T >= 0, with G_{l+1} of the layer above."""
    net = NETS["dense"]
    rule, params, F, batch = make(net, size=1)
    found, gradient = both(net, size=1)
    _, _, G = rule.forward(params, F, batch.image, net.draw_dropout(None, 1))
    g = jnp.ones((1, 1))
    for l in reversed(range(3)):
        assert (g >= 0).all()
        times = lambda dW, g=g: dW * g.reshape(*(1,) * (dW.ndim - 1), -1)
        assert_trees_close([gradient[l]], [times(found[l])])
        g = (g * G[l]) @ params[l].T if l else g


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", NETS)
def test_the_output_layer_s_update_is_the_gradient(name):
    found, gradient = both(NETS[name])
    assert_trees_close([found[-1]], [gradient[-1]])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("part", "positions"), [("dense 8", 1), ("conv 4 3, avgpool 2", 4)])
def test_with_equal_weights_above_a_hidden_layer_s_update_is_the_gradient(part, positions, bias):
    """W_2 = c: c times the update, for a whole batch; pooling divides it among its positions."""
    net, c = make_net(part, bias=bias), 0.7 / positions
    rule, params, F, batch = make(net)
    equal = lambda W: jnp.full_like(W, 0.7)
    top = params[1]._replace(W=equal(params[1].W)) if bias else equal(params[1])
    backward = build_rule("gevb", net, errors="backward")
    found, gradient = (r.pseudo_gradients((params[0], top), F, batch)[0] for r in (rule, backward))
    assert_trees_close(jax.tree.leaves(gradient[0]), [c * dW for dW in jax.tree.leaves(found[0])])


@pytest.mark.usefixtures("float64")
def test_at_first_it_computes_a_signed_network_of_half_the_width():
    """(W_{2i,2j} - W_{2i+1,2j}) are the weights of that network, and T_{2i} its gates'."""
    net = NETS["dense"]
    rule, batch = build_rule("gevb", net), make_batch(net)
    params, F = rule.init(jax.random.key(0))
    assert all((W >= 0).all() for W in params[1:])
    h = jnp.einsum("bi,kij->bkj", batch.image.reshape(5, -1), params[0][:, :, ::2])
    for T, W in zip(F, params[1:], strict=True):
        h = h * (jnp.einsum("bkj,kj->bj", h, T[:, ::2]) >= 0)[:, None]
        h = h @ (W[::2, ::2] - W[1::2, ::2])
    np.testing.assert_allclose(rule.scores(params, F, batch.image), h[..., 0], atol=1e-12)


@pytest.mark.usefixtures("float64")
def test_it_is_its_equations_sample_by_sample():
    net = make_net("dense 8", "dense 6", bias=True)
    rule, params, F, batch = make(net)
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    t, x = np.eye(K)[batch.label], np.asarray(batch.image).reshape(5, -1)
    params, F = to_numpy(params), to_numpy(F)
    wanted = [[np.zeros_like(W), np.zeros_like(b)] for W, b in params]
    for b in range(5):
        h = [np.array([x[b] @ params[0].W[k] + params[0].b[k] for k in range(K)])]
        G = []
        for T, (W, bias) in zip(F, params[1:], strict=True):
            G.append(np.array([T[:, i] @ h[-1][:, i] >= 0 for i in range(len(h[-1][0]))]))
            h[-1] = h[-1] * G[-1]
            h.append(h[-1] @ W + bias)
        scores, G = h[-1][:, 0], [*G, np.ones(1)]
        e = np.exp(scores) / np.exp(scores).sum() - t[b]
        for k in range(K):
            wanted[0][0][k] += e[k] * np.outer(x[b], G[0]) / 5
            for l in (1, 2):
                wanted[l][0] += e[k] * np.outer(h[l - 1][k], G[l]) / 5
            for l in (0, 1, 2):
                wanted[l][1][k] += e[k] * G[l] / 5
    assert_trees_close(map(tuple, wanted), map(tuple, found))


@pytest.mark.usefixtures("float64")
def test_a_kernel_that_covers_the_image_is_a_dense_layer():
    dense, conv = make_net("dense 6"), make_net("conv 6 6")
    rule, params, F, batch = make(conv)
    flat = (params[0].reshape(K, -1, 6), params[1])
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    wanted, _ = build_rule("gevb", dense).pseudo_gradients(flat, F, batch)
    assert_trees_close([found[0].reshape(K, -1, 6), found[1]], wanted)


def test_it_aligns_with_the_gradient_the_better_the_wider_the_network():
    """At first; as a sum over more units is nearer to its mean."""

    def angle(width):
        net = make_net(f"dense {width}", f"dense {width}")
        rule, backward = build_rule("gevb", net), build_rule("gevb", net, errors="backward")
        params, F = jax.jit(rule.init)(jax.random.key(0))
        of = lambda r: jax.jit(r.pseudo_gradients)(params, F, make_batch(net, 32))[0][0]
        return float(analysis.angle(of(rule), of(backward)))

    narrow, wide = angle(32), angle(512)
    assert wide < narrow / 2 < 45


def test_weights_stay_positive_but_those_of_the_first_layer():
    net = NETS["conv"]
    rule, optimizer = build_rule("gevb", net), optax.sgd(10.0)
    step = lambda key: train_step(
        rule, optimizer, init_state(rule, optimizer, key), make_batch(net)
    )
    state, _ = jax.jit(step)(jax.random.key(0))
    first, *above = state.params
    assert (first.W < 0).any()
    assert all((W.W >= 0).all() and (W.W == 0).any() for W in above)
    assert (above[0].b < 0).any()


@pytest.mark.parametrize(
    ("name", "why"),
    [("conv", "average pooling"), ("mlp, four layers, tanh", "ReLU"),
     ("mlp, normalized", "normalize=False")],
)  # fmt: skip
def test_networks_that_do_not_suit_it_are_refused(name, why):
    with pytest.raises(UserError, match=f"GEVB .*{why}"):
        build_rule("gevb", make_network(name))

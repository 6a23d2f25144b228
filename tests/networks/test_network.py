"""Networks against JAX's own convolutions, and what is drawn against its definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from pepita_jax import UserError, build_network
from pepita_jax.networks.initializers import INITIALIZERS
from tests.cases import UNLIKE_NETWORKS, make_batch, make_network, make_params


@pytest.mark.parametrize(
    ("init", "limit", "std"),
    [
        ("he_uniform", lambda n: np.sqrt(6 / n), lambda n: np.sqrt(2 / n)),
        ("he_normal", lambda n: np.inf, lambda n: np.sqrt(2 / n)),
        ("pytorch", lambda n: 1 / np.sqrt(n), lambda n: 1 / np.sqrt(3 * n)),
    ],
)
def test_initialisers_have_the_scale_of_their_fan_in(init, limit, std):
    net = build_network("conv", input_shape=(28, 28, 3), num_classes=10, init=init)
    for W, fan_in in zip(net.init(jax.random.key(0)), (75, 4608), strict=True):
        assert np.abs(W).max() <= limit(fan_in)
        np.testing.assert_allclose(np.std(W), std(fan_in), rtol=0.05)


@pytest.mark.parametrize(
    ("init", "undo"),
    [
        ("he_uniform", lambda W, n: W / np.sqrt(6 / n)),
        ("he_normal", lambda W, n: scipy.special.erf(W / np.sqrt(2 / n) / np.sqrt(2))),
        ("pytorch", lambda W, n: W * np.sqrt(n)),
    ],
)
@pytest.mark.parametrize("shape", [(3072, 64), (7, 10), (5, 5, 3, 32), (7200, 10)])
def test_initialisers_turn_the_uniform_numbers_of_jax_into_their_distribution(init, undo, shape):
    """Its distribution function, in double precision, gives those numbers back.

    The tolerance is what five roundings to single precision can do: the factor, the product, the
    uniform number, and for normal numbers JAX's inverse of erf and its sqrt(2).
    """
    uniform = jax.random.uniform(jax.random.key(7), shape, minval=-1)
    W = np.asarray(INITIALIZERS[init](jax.random.key(7), shape), np.float64)
    np.testing.assert_allclose(undo(W, np.prod(shape[:-1])), uniform, rtol=0, atol=5 * 2**-24)


def test_dropout_is_inverted_and_falls_on_hidden_dense_layers_alone():
    net = build_network(
        "conv", input_shape=(28, 28, 1), num_classes=10, channels=(4,), hidden=(500, 400),
        dropout=0.1,
    )  # fmt: skip
    masks = net.draw_dropout(jax.random.key(0), 100)
    assert masks[:2] == (None, None)  # the image's, and that of the convolution
    for mask, units in zip(masks[2:], (500, 400), strict=True):
        assert mask.shape == (100, units)
        np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.9], rtol=1e-6)
        np.testing.assert_allclose(np.mean(mask == 0), 0.1, rtol=0.05)


def test_apply_uses_no_dropout():
    net = make_network("mlp, two layers")
    params, batch = make_params(net), make_batch(net)
    expected = jax.nn.relu(batch.image.reshape(5, -1) @ params[0]) @ params[1]
    np.testing.assert_allclose(net.apply(params, batch.image), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mlp, one layer", "mlp, sigmoid output", "mlp, linear"])
def test_the_output_s_error_is_the_slope_of_its_loss(name):
    """e = h_L - t is the derivative of the loss in the scores."""
    net = make_network(name)
    batch = make_batch(net)
    scores = jax.random.normal(jax.random.key(5), (5, net.num_classes))
    slope = jax.grad(lambda a: 5 * net.measure(a, batch.label)["loss"])(scores)
    h = {"softmax": jax.nn.softmax, "sigmoid": jax.nn.sigmoid, "linear": lambda a: a}[net.output]
    error = h(scores) - net.one_hot(batch.label)
    np.testing.assert_allclose(slope, error, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("num_directions", [2, pytest.param(5, marks=pytest.mark.slow), 8])
@pytest.mark.parametrize("name", UNLIKE_NETWORKS)
def test_a_pass_on_moved_images_is_the_pass_on_their_sum(name, num_directions):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net, size=5)
    masks = net.draw_dropout(batch.key, 5)
    directions = jax.random.normal(jax.random.key(7), (num_directions, *net.input_shape))
    c = jax.random.normal(jax.random.key(8), (5, num_directions))
    here, move = net.forward_and_move(params, batch.image, directions, masks)
    sums = batch.image + jnp.tensordot(c, directions, 1)
    for found, x in ((here, batch.image), (move(c), sums)):
        wanted = net.forward(params, x, masks)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_the_difference_of_two_near_passes_is_not_lost_in_rounding():
    """In float32, against the same in float64; two passes subtracted are the yardstick."""
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10, hidden=(1024, 64))
    params, batch = make_params(net), make_batch(net, size=16)
    directions = 1e-3 * jax.random.normal(jax.random.key(7), (10, *net.input_shape))
    c = jax.random.normal(jax.random.key(8), (16, 10))

    def difference(params, x, directions, c):
        here, move = net.forward_and_move(params, x, directions)
        return move(c).a[1] - here.a[1]

    inputs = (params, batch.image, directions, c)
    found = difference(*inputs)
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda x: jnp.asarray(np.asarray(x, np.float64)), inputs)
        wanted = difference(*exact)
    naive = net.forward(params, batch.image + jnp.tensordot(c, directions, 1)).a[1]
    naive = naive - net.forward(params, batch.image).a[1]
    errors = [np.linalg.norm(d - np.asarray(wanted)) for d in (found, naive)]
    assert errors[0] < errors[1] / 5


def test_weights_of_several_seeds_or_of_another_network_are_refused():
    net = make_network("mlp, two layers")
    params, image = make_params(net), make_batch(net).image
    for wrong in (jax.tree.map(lambda W: W[None], params), params[:1], params[::-1]):
        with pytest.raises(
            UserError,
            match=r"weights have shapes .*; for seed k of several, give each array's W\[k\]",
        ):
            net.apply(wrong, image)


def test_no_images_have_no_scores():
    for name in ("mlp, two layers", "conv"):
        net = make_network(name)
        assert net.apply(make_params(net), make_batch(net).image[:0]).shape == (0, 4)


def test_a_traced_dropout_draws_what_a_number_does():
    net, batch = make_network("mlp, three layers"), make_batch(make_network("mlp, three layers"))
    params = make_params(net)

    def scores(probability):
        dropped = net.with_dropout(probability)
        masks = dropped.draw_dropout(batch.key, len(batch.image))
        return dropped.forward(params, batch.image, masks).a[-1]

    traced = jax.jit(scores)
    for probability in (0.0, 0.3, 0.6):
        np.testing.assert_allclose(traced(probability), scores(probability), rtol=1e-5)
    assert np.abs(traced(0.3) - traced(0.6)).max() > 0.1

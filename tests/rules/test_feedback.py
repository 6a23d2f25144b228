"""How feedback is drawn, and what it stands in for."""

import jax
import numpy as np
import pytest

from pepita_jax import build_network, build_rule
from pepita_jax.networks.layers import Conv
from pepita_jax.rules.feedback import downstream_products, draw_direct_feedback, weight_product
from tests.cases import make_network, make_params, to_numpy
from tests.reference import convolve


def test_F_is_uniform_with_the_width_of_table_2():
    """Its limit is 0.05 sqrt(6 / fan_in); Table 2's number is twice that."""
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10)
    F = np.asarray(build_rule("pepita", net).init_feedback(jax.random.key(0)))
    limit = 0.05 * np.sqrt(6 / 784)
    assert F.shape == (10, 28, 28, 1)
    assert 0.999 * limit < np.abs(F).max() <= limit
    np.testing.assert_allclose(F.std(), limit / np.sqrt(3), rtol=0.02)


def test_F_can_be_normal():
    net = build_network("mlp", input_shape=(28, 28, 1), num_classes=10)
    rule = build_rule("pepita", net, feedback_init="he_normal", feedback_scale=1.0)
    F = np.asarray(rule.init_feedback(jax.random.key(0)))
    np.testing.assert_allclose(F.std(), np.sqrt(2 / 784), rtol=0.03)
    assert np.abs(F).max() > 3 * F.std()


def test_direct_feedback_is_uniform_with_the_limit_of_the_activity_s_size():
    net = build_network(
        "conv", input_shape=(12, 12, 1), num_classes=10, channels=(8,), hidden=(50,)
    )
    for B, shape in zip(
        draw_direct_feedback(jax.random.key(0), net), [(8, 8, 8), (50,)], strict=True
    ):
        assert B.shape == (10, *shape)
        limit = np.sqrt(6 / np.prod(shape))
        assert 0.97 * limit < np.abs(B).max() <= limit


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("net_name", ["mlp, four layers, tanh", "conv, two blocks, padded",
                                      "conv, odd border"])  # fmt: skip
def test_the_product_of_weights_is_the_network_without_non_linearities(net_name):
    """Its inner product with any input is the score that linear layers and sum-pooling give."""
    net = make_network(net_name)
    params = to_numpy(make_params(net))
    x = np.random.default_rng(0).normal(size=net.input_shape)
    product = np.asarray(weight_product(net, params))
    below = downstream_products(net, params)
    wanted = None
    for l, (layer, W) in enumerate(zip(net.layers, params, strict=True)):
        is_conv = isinstance(layer, Conv)
        a = convolve(x, W, layer.stride, layer.padding) if is_conv else W.T @ x.reshape(-1)
        x = sum_pool(a, layer.pools[0].size) if is_conv else a
        if l < len(below):
            found = np.tensordot(below[l], a, a.ndim)
            wanted = found if wanted is None else wanted
            np.testing.assert_allclose(found, wanted, rtol=1e-9)
    np.testing.assert_allclose(x, wanted, rtol=1e-9)
    start = np.random.default_rng(0).normal(size=net.input_shape)
    np.testing.assert_allclose(np.tensordot(product, start, 3), wanted, rtol=1e-9)


def sum_pool(a, size):
    height, width = (n // size * size for n in a.shape[:2])
    windows = a[:height, :width].reshape(height // size, size, width // size, size, -1)
    return windows.sum((1, 3))

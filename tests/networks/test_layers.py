"""Layers against JAX's own convolutions and against windows read by eye."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import build_network
from tests.cases import make_batch, make_params


@pytest.mark.parametrize(
    ("kernel_size", "padding"), [(1, 0), (3, 1), pytest.param(5, 2, marks=pytest.mark.slow)]
)
def test_a_convolution_is_that_of_lax(kernel_size, padding):
    net = build_network(
        "conv", input_shape=(9, 8, 3), num_classes=2, channels=(4,),
        kernel_size=kernel_size, padding=padding,
    )  # fmt: skip
    params, batch = make_params(net), make_batch(net)
    found = net.forward(params, batch.image).a[0]
    pads = [(padding, padding)] * 2
    expected = jax.lax.conv_general_dilated(
        batch.image, params[0], (1, 1), pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_pooling_takes_the_largest_of_each_window_and_cuts_odd_borders():
    net = build_network("conv", input_shape=(5, 5, 1), num_classes=2, channels=(1,), kernel_size=1)
    h = jnp.arange(25.0).reshape(1, 5, 5, 1)
    pooled = net.layers[0].downstream(h)
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[6, 8], [16, 18]])


def test_images_are_flattened_row_by_row_with_channels_last():
    net = build_network("mlp", input_shape=(2, 3, 2), num_classes=2, hidden=())
    image = np.random.default_rng(0).random((1, 2, 3, 2), np.float32)
    W = np.zeros((12, 2), np.float32)
    W[(1 * 3 + 2) * 2 + 1, 0] = 1  # row 1, column 2, channel 1
    np.testing.assert_allclose(net.apply((jnp.asarray(W),), image)[0, 0], image[0, 1, 2, 1])

"""Rounded matrix products, and which form of PEPITA keeps its signal under them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks.rounding import (
    FORMS,
    MANTISSA_BITS,
    hidden_error,
    rounded_products,
    rounded_rule,
)
from pepita_jax import build_network
from tests.cases import make_batch


def rounded_to(x, mantissa_bits):
    """To the nearest number of so many bits after the leading one; none of these is a tie."""
    mantissa, exponent = np.frexp(np.asarray(x, np.float64))
    return np.ldexp(np.round(np.ldexp(mantissa, mantissa_bits + 1)), exponent - mantissa_bits - 1)


@pytest.mark.parametrize("mantissa_bits", [7, 10, 23])
def test_both_factors_of_every_product_are_rounded(mantissa_bits):
    keys = jax.random.split(jax.random.key(0), 3)
    x, V, W = (jax.random.normal(key, (8, 8)) for key in keys)
    nested = lambda x, V, W: jax.nn.relu(jax.jit(jnp.matmul)(x, V)) @ W
    found = rounded_products(nested, mantissa_bits)(x, V, W)
    round_ = lambda x: rounded_to(x, mantissa_bits)
    hidden = np.float32(np.maximum(round_(x) @ round_(V), 0))
    wanted = round_(hidden) @ round_(W)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 if mantissa_bits > 7 else 0.02)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("mlp", {"hidden": (1024,)}),
        pytest.param("mlp", {"hidden": (512, 512, 512)}, marks=pytest.mark.slow),
        pytest.param("conv", {}, marks=pytest.mark.slow),
    ],
)
def test_a_carried_difference_survives_coarse_products(model, options):
    net = build_network(model, input_shape=(28, 28, 1), num_classes=10, **options)
    params, batch = net.init(jax.random.key(0)), make_batch(net, size=64)
    for number_format, bits in MANTISSA_BITS.items():
        rules = [rounded_rule(net, form, number_format) for form in FORMS]
        F = rules[0].init_feedback(jax.random.key(3))
        twice, carried = (hidden_error(r, params, F, batch.image, batch.label) for r in rules)
        assert carried < twice / 3
        if number_format != "float32":  # whose sums are rounded as coarsely as its products
            assert carried < 5 * 2**-bits < twice / 5

"""All forms of convolution and pooling against each other and the equations, in float64."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax.networks import convolution
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.networks.pooling import AvgPool, GlobalAvgPool, MaxPool
from tests import reference
from tests.cases import (
    RULES,
    make_batch,
    make_network,
    make_rule,
    make_weights,
    slow_after,
    suits,
)

DEVICES = ("tpu", "cpu", "cuda")
# Kernel size, stride and padding.
SIZES = [
    (1, 1, 0),
    (2, 1, 0),
    (3, 1, 1),
    (5, 1, 2),
    (3, 2, 1),
    (2, 3, 0),
]
pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(params=DEVICES)
def form(request, monkeypatch):
    use_form_of(request.param, monkeypatch)


def use_form_of(device, monkeypatch):
    def choose(forms, *arrays, **options):
        return forms.get(device, forms["default"])(*arrays, **options)

    monkeypatch.setattr(convolution, "choose", choose)


def normal(key, shape):
    return jax.random.normal(jax.random.key(key), shape)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("kernel_size", "stride", "padding"), SIZES)
def test_the_three_products_are_those_of_the_equations(kernel_size, stride, padding):
    layer = Conv(3, kernel_size, stride, padding).on((7, 6, 2))
    x, W = normal(0, (4, 7, 6, 2)), normal(1, layer.weight_shape)
    d = normal(2, (4, *layer.activity_shape))
    each = lambda function: np.stack([function(b) for b in range(4)])
    found = layer.forward(x, W), layer.backward(d, W), layer.hebbian(x, d)
    wanted = (
        each(lambda b: reference.convolve(x[b], W, stride, padding)),
        each(lambda b: reference.to_input(layer, W, d[b])),
        each(lambda b: reference.hebbian(layer, d[b], x[b])).sum(0),
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint8])
@pytest.mark.parametrize("layer", [Conv(3, 3).on((5, 5, 1)), Dense(3).on((5, 5, 1))], ids=type)
def test_an_input_of_a_coarser_type_gives_products_of_the_signals(layer, kind):
    x, d = np.arange(50).reshape(2, 5, 5, 1), normal(2, (2, *layer.activity_shape))
    W = normal(1, layer.weight_shape)
    found = layer.forward(jnp.asarray(x, kind), W), layer.hebbian(jnp.asarray(x, kind), d)
    wanted = layer.forward(jnp.asarray(x, d.dtype), W), layer.hebbian(jnp.asarray(x, d.dtype), d)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "pool", [MaxPool(1), MaxPool(2), MaxPool(3), MaxPool(3, 2), AvgPool(2), AvgPool(3, 1),
             GlobalAvgPool()], ids=repr,
)  # fmt: skip
def test_pooling_is_that_of_the_equations_and_so_is_the_way_back(pool):
    h = normal(0, (4, 7, 6, 3))
    pooled, back = jax.vjp(pool, h)
    assert pooled.shape[1:] == pool.output_shape(h.shape[1:])
    signal = normal(1, pooled.shape)
    (returned,) = back(signal)
    for b in range(4):
        wanted, weights = reference.pool(np.asarray(h[b]), pool)
        np.testing.assert_allclose(pooled[b], wanted, rtol=1e-12)
        wanted = reference.unpool(signal[b], h.shape[1:], weights)
        np.testing.assert_allclose(returned[b], wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("pool", [MaxPool(2), MaxPool(3, 2), AvgPool(2)], ids=repr)
def test_linear_pooling_is_linear_and_sums_where_the_largest_is_taken(pool):
    h, other = normal(0, (4, 7, 6, 3)), normal(1, (4, 7, 6, 3))
    np.testing.assert_allclose(
        pool.linear(h + other), pool.linear(h) + pool.linear(other), rtol=1e-9, atol=1e-12
    )
    ones = pool.linear(jnp.ones_like(h))
    size = pool.size**2 if isinstance(pool, MaxPool) else 1
    np.testing.assert_allclose(ones, np.full(ones.shape, size), rtol=1e-12)


NET = make_network("conv, two blocks, padded")


@pytest.mark.parametrize("variant", slow_after(4, [name for name in RULES if suits(name, NET)]))
def test_rules_give_the_same_updates_by_every_form(variant, monkeypatch):
    # Of silent units, all 0, each form of pooling takes another, and noise in them shows it.
    net = replace(NET, activation="tanh") if variant == "forward_dfa" else NET
    rule, batch, found = make_rule(variant, net), make_batch(net), []
    params, F = make_weights(rule)
    for device in DEVICES:
        use_form_of(device, monkeypatch)
        found.append(rule.pseudo_gradients(params, F, batch))
    for forms in zip(*map(jax.tree.leaves, found), strict=True):
        for one, other in pairwise(forms):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13)
    assert any(np.any(dW) for dW in found[0][0])


@pytest.mark.parametrize(
    ("platform", "is_native"), [("cpu", False), ("cuda", False), ("rocm", False), ("tpu", True)]
)
def test_the_form_is_chosen_for_the_device_that_a_program_is_lowered_for(platform, is_native):
    layer = Conv(3, 3, pools=(MaxPool(2),)).on((7, 6, 2))
    x, W = normal(0, (4, 7, 6, 2)), normal(1, layer.weight_shape)

    def products(x, W):
        a, back = jax.vjp(layer.downstream, layer.forward(x, W))
        (d,) = back(jnp.ones_like(a))
        return layer.backward(d, W), layer.hebbian(x, d)

    traced = jax.jit(jax.vmap(products)).trace(x[None], W[None])
    program = traced.lower(lowering_platforms=(platform,)).as_text()
    assert ("stablehlo.convolution" in program) == is_native
    assert ("stablehlo.reduce_window" in program or "select_and_scatter" in program) == is_native
    assert ("stablehlo.dot_general" in program) == (not is_native)


@pytest.mark.parametrize(("platform", "slices"), [("cpu", 5 + 5), ("cuda", 5 * 5)])
@pytest.mark.parametrize("name", ["convolve", "pool"])
def test_a_cpu_takes_windows_along_one_axis_and_then_along_the_other(name, platform, slices):
    function = {
        "convolve": lambda x, W: convolution.convolve(x, W, stride=1, padding=0),
        "pool": lambda x, W: convolution.pool(x, len(W), stride=1, combine="max"),
    }[name]
    traced = jax.jit(function).trace(normal(0, (1, 7, 6, 2)), normal(1, (5, 5, 2, 3)))
    program = traced.lower(lowering_platforms=(platform,)).as_text()
    assert program.count("stablehlo.slice") == slices

"""Both forms of convolution and pooling against each other and the equations, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax.networks import convolution
from pepita_jax.networks.layers import Conv, Dense
from tests import reference
from tests.cases import VARIANTS, make_batch, make_network, make_params, make_rule

FORMS = {
    "patches": {
        "convolve": convolution.convolve_by_patches,
        "hebbian": convolution.hebbian_by_patches,
        "pool": convolution.pool_by_slices,
    },
    "native": {
        "convolve": convolution.convolve_natively,
        "hebbian": convolution.hebbian_natively,
        "pool": convolution.pool_natively,
    },
}
SIZES = [(1, 0, 1), (2, 0, 2), (3, 1, 2), (5, 2, 3)]  # kernel, padding, pool
pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    use(monkeypatch, request.param)
    return request.param


def use(monkeypatch, form):
    for name, function in FORMS[form].items():
        monkeypatch.setattr(convolution, name, function)


def normal(key, shape):
    return jax.random.normal(jax.random.key(key), shape)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(("kernel_size", "padding", "pool"), SIZES)
def test_the_three_products_are_those_of_the_equations(kernel_size, padding, pool):
    layer = Conv((7, 6, 2), 3, kernel_size, padding, pool)
    x, W = normal(0, (4, 7, 6, 2)), normal(1, layer.weight_shape)
    d = normal(2, (4, *layer.activity_shape))
    each = lambda function: np.stack([function(b) for b in range(4)])
    found = layer.forward(x, W), layer.backward(d, W), layer.hebbian(x, d)
    wanted = (
        each(lambda b: reference.convolve(x[b], W, padding)),
        each(lambda b: reference.to_input(layer, W, d[b])),
        each(lambda b: reference.hebbian(layer, d[b], x[b])).sum(0),
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint8])
@pytest.mark.parametrize("layer", [Conv((5, 5, 1), 3, 3), Dense((5, 5, 1), 3)], ids=type)
def test_an_input_of_a_coarser_type_gives_products_of_the_signals(layer, kind):
    x, d = np.arange(50).reshape(2, 5, 5, 1), normal(2, (2, *layer.activity_shape))
    W = normal(1, layer.weight_shape)
    found = layer.forward(jnp.asarray(x, kind), W), layer.hebbian(jnp.asarray(x, kind), d)
    wanted = layer.forward(jnp.asarray(x, d.dtype), W), layer.hebbian(jnp.asarray(x, d.dtype), d)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pooling_takes_the_largest_and_sends_signals_back_to_it(size):
    layer, h = Conv((7, 6, 2), 3, 1, 0, size), normal(0, (4, 7, 6, 3))
    pooled, back = jax.vjp(layer.downstream, h)
    signal = normal(1, pooled.shape)
    (returned,) = back(signal)
    for b in range(4):
        largest, winners = reference.max_pool(np.asarray(h[b]), size)
        np.testing.assert_array_equal(pooled[b], largest)
        wanted = np.zeros(h.shape[1:])
        for (i, j, n), (row, column) in winners.items():
            wanted[row, column, n] = signal[b, i, j, n]
        np.testing.assert_allclose(returned[b], wanted, rtol=1e-12)
    sums = jnp.stack(
        [h[:, i : 7 // size * size : size, j : 6 // size * size : size]
         for i in range(size) for j in range(size)]
    ).sum(0)  # fmt: skip
    np.testing.assert_allclose(layer.downstream(h, "sum"), sums, rtol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rules_give_the_same_updates_by_either_form(variant, monkeypatch):
    net = make_network("conv, two blocks, padded")
    rule, params, batch = make_rule(variant, net), make_params(net), make_batch(net)
    F, found = rule.init_feedback(jax.random.key(3)), []
    for form in FORMS:
        use(monkeypatch, form)
        found.append(rule.pseudo_gradients(params, F, batch))
    for one, other in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13)
    assert any(np.any(dW) for dW in found[0][0])


@pytest.mark.parametrize(
    ("platform", "is_native"), [("cpu", False), ("cuda", True), ("rocm", True), ("tpu", True)]
)
def test_the_form_is_chosen_for_the_device_that_a_program_is_lowered_for(platform, is_native):
    layer = Conv((7, 6, 2), 3, 3)
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

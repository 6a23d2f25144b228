"""PEPITA against a NumPy transcription of Alg. 1 and against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import Conv, Dense, build_network, build_rule, chain
from tests import reference
from tests.cases import (
    NETWORKS,
    UNLIKE_NETWORKS,
    make_batch,
    make_network,
    make_params,
    slow_after,
    to_numpy,
)
from tests.cases import assert_trees_close as assert_same

INPUT_NOISE = "experiments.papers.pepita.noise.InputNoise"
OPTIONS = [
    {},
    {"presynaptic": "standard"},
    {"output_error": "modulated"},
    {"modulation_sign": -1},
    {"presynaptic": "standard", "output_error": "modulated", "modulation_sign": -1},
]


def make_rule(net, name="pepita", **options):
    """With an F large enough to flip some ReLUs."""
    rule = build_rule(name, net, **{"feedback_scale": 2.0, **options})
    return rule, rule.init_feedback(jax.random.key(3))


def by_algorithm_1(rule, params, F, batch, **options):
    """What `reference.pepita` makes of the same batch."""
    net, images = rule.net, to_numpy(batch.image)
    masks, t = to_numpy(net.draw_dropout(batch.key, len(images))), net.one_hot(batch.label)
    arrays = to_numpy(params), np.asarray(F), images, np.asarray(t), masks
    return reference.pepita(net, *arrays, **options)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "options"),
    [(n, o) for n in NETWORKS for o in OPTIONS if n in UNLIKE_NETWORKS or not o],
    ids=str,
)
def test_it_is_algorithm_1_sample_by_sample(name, options):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net, **options)
    pseudo_gradients, _ = rule.pseudo_gradients(params, F, batch)
    expected = by_algorithm_1(
        rule, params, F, batch,
        sign=options.get("modulation_sign", 1),
        presynaptic=options.get("presynaptic", "modulated"),
        output_error=options.get("output_error", "standard"),
    )  # fmt: skip
    assert_same(pseudo_gradients, expected)


TWO_PASSES = [("pepita", options) for options in OPTIONS]
TWO_PASSES += [("pepita_hebbian", {}), ("pepita_mirrored", {}), (INPUT_NOISE, {})]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("rule_name", "options"), TWO_PASSES, ids=str)
@pytest.mark.parametrize("name", ["mlp, three layers", "conv, hidden layer", "mlp, normalized"])
def test_the_difference_that_is_carried_is_that_of_two_whole_passes(name, rule_name, options):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net, rule_name, **options)
    found, _ = rule.pseudo_gradients(params, F, batch)
    assert_same(found, rule.in_two_passes(params, F, batch))


@pytest.mark.parametrize("name", slow_after(4, UNLIKE_NETWORKS))
def test_without_feedback_it_is_shallow(name):
    """F = 0: hidden updates are exactly zero, the output layer follows the delta rule."""
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net)
    found, _ = rule.pseudo_gradients(params, jnp.zeros_like(F), batch)
    shallow, _ = build_rule("shallow", net).pseudo_gradients(params, (), batch)
    for hidden in jax.tree.leaves(found[:-1]):
        assert not np.any(hidden)
    jax.tree.map(np.testing.assert_array_equal, found[-1], shallow[-1])


@pytest.mark.usefixtures("float64")
def test_linear_network_has_the_closed_form_of_appendix_e():
    """dW_1 = -(W_1 F e)(x + F e)^T."""
    net = make_network("mlp, linear")
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net)
    x = np.asarray(batch.image).reshape(len(batch.image), -1)
    e = x @ params[0] @ params[1] - net.one_hot(batch.label)
    Fe = e @ F.reshape(len(F), -1)
    found, _ = rule.pseudo_gradients(params, F, batch)
    expected = -(x + Fe).T @ (Fe @ params[0]) / len(x)
    assert_same(found[:1], [expected], rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_small_feedback_gives_the_derivative_along_F(activation):
    """As F -> 0: dW_1 / scale -> -((W_1 F e) * s'(a_1)) x^T."""
    net = build_network(
        "mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(7,), activation=activation
    )
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net)
    scale = 1e-7
    found, _ = rule.pseudo_gradients(params, scale * F, batch)

    x = np.asarray(batch.image).reshape(len(batch.image), -1)
    a = x @ np.asarray(params[0])
    e = net.forward(params, batch.image).h[-1] - net.one_hot(batch.label)
    slope = reference.ACTIVATIONS[activation][1](a)
    expected = -x.T @ ((e @ F.reshape(len(F), -1) @ params[0]) * slope) / len(x)
    np.testing.assert_allclose(found[0] / scale, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.usefixtures("float64")
def test_trace_identity_of_appendix_e():
    """Linear net, whitened batch: tr(F dW A) = -tr(A^T dA) (Eq. 18, 19, 24, 28)."""
    net = make_network("mlp, linear")
    rule, F = make_rule(net, presynaptic="standard")
    params = make_params(net)
    n = int(np.prod(net.input_shape))
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))
    image = (rotation * np.sqrt(n)).reshape(n, *net.input_shape)  # mean of x x^T is I
    batch = make_batch(net, size=n, dropout=False)._replace(image=jnp.asarray(image))

    (dA, dW), _ = rule.pseudo_gradients(params, F, batch)
    A, F = np.asarray(params[0]).T, np.asarray(F).reshape(net.num_classes, -1).T
    np.testing.assert_allclose(np.trace(F @ dW.T @ A), -np.trace(A.T @ dA.T), rtol=1e-9)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("rule_name", ["pepita", "bp"])
def test_a_kernel_that_covers_the_input_is_a_fully_connected_layer(rule_name):
    shape, units = (4, 4, 2), 6
    conv = chain(shape, 3, layers=(Conv(units, kernel_size=4),))
    dense = chain(shape, 3, layers=(Dense(units),))
    params = make_params(conv)
    flat = (params[0].reshape(-1, units), params[1])
    batch = make_batch(conv)

    rule = build_rule(rule_name, conv)
    F = rule.init_feedback(jax.random.key(3))
    found, _ = rule.pseudo_gradients(params, F, batch)
    expected, _ = build_rule(rule_name, dense).pseudo_gradients(flat, F, batch)
    np.testing.assert_allclose(found[0].reshape(-1, units), expected[0], rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-11, atol=1e-15)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["mlp, four layers, tanh", "conv, hidden layer"])
def test_two_hebbian_steps_sum_to_equation_4(name):
    """Sec. 5: h_l (h_{l-1}^err)^T, then -h_l^err (h_{l-1}^err)^T."""
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rule, F = make_rule(net)
    found, _ = rule.pseudo_gradients(params, F, batch)

    masks = net.draw_dropout(batch.key, len(batch.image))
    standard = net.forward(params, batch.image, masks)
    x_err = batch.image + jnp.tensordot(standard.h[-1] - net.one_hot(batch.label), F, 1)
    modulated = net.forward(params, x_err, masks)
    for l, layer in enumerate(net.layers[:-1]):
        scale = 1 / (len(batch.image) * layer.num_positions)
        first = scale * layer.hebbian(modulated.x[l], standard.h[l])
        second = scale * layer.hebbian(modulated.x[l], -modulated.h[l])
        np.testing.assert_allclose(first + second, found[l], rtol=1e-9, atol=1e-13)

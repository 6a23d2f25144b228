"""DFA, its sign, targets and local errors: signals that reach each hidden layer at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import build_network, build_rule
from tests import reference
from tests.cases import UNLIKE_NETWORKS, make_batch, make_network, make_params, to_numpy
from tests.cases import assert_trees_close as assert_same
from tests.rules.test_bp import direct_loss

pytestmark = pytest.mark.usefixtures("float64")


def project(B, v):
    """The sum over classes of v_k B_k, one by one."""
    return sum(v[k] * B[k] for k in range(len(v)))


def local_signal(net, C, h, t):
    scores = np.array([np.sum(C[k] * h) for k in range(len(t))])
    return project(C, reference.OUTPUTS[net.output](scores) - t)


# The signal to hidden layer l, {rule: (net, B_l, h, e, t, batch size) -> signal}.
EQUATIONS = {
    "dfa": lambda net, B, h, e, t, size: project(B, e),
    "sdfa": lambda net, B, h, e, t, size: project(B, np.sign(e)),
    "drtp": lambda net, B, h, e, t, size: size * project(B, t),
    "local_error": lambda net, B, h, e, t, size: local_signal(net, B, h, t),
}


def transcribed(rule_name, net, params, F, batch):
    B, size = to_numpy(F), len(batch.image)
    send = lambda l, h, e, t: EQUATIONS[rule_name](net, B[l], h, e, t, size)
    output = (lambda e: e / net.num_classes) if rule_name == "drtp" else (lambda e: e)
    masks = to_numpy(net.draw_dropout(batch.key, size))
    return reference.direct(
        net, to_numpy(params), to_numpy(batch.image), np.asarray(net.one_hot(batch.label)),
        masks, send, output,
    )  # fmt: skip


@pytest.mark.parametrize("net_name", UNLIKE_NETWORKS)
@pytest.mark.parametrize("rule_name", EQUATIONS)
def test_it_is_its_equation_sample_by_sample(rule_name, net_name):
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    rule = build_rule(rule_name, net)
    F = rule.init_feedback(jax.random.key(3))
    found, _ = rule.pseudo_gradients(params, F, batch)
    assert_same(found, transcribed(rule_name, net, params, F, batch))


def test_dfa_with_the_true_product_on_a_linear_network_is_bp():
    net = build_network(
        "mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(9, 8, 7), activation="linear",
        dropout=0.3,
    )  # fmt: skip
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("dfa", net)
    found, _ = rule.pseudo_gradients(params, rule.forward_equivalent(params), batch)
    expected, _ = build_rule("bp", net).pseudo_gradients(params, (), batch)
    assert_same(found, expected)


@pytest.mark.parametrize("rule_name", ["drtp", "local_error"])
def test_hidden_updates_do_not_wait_for_the_layers_above(rule_name):
    """Targets and local errors unlock the update: other weights above change nothing below."""
    net = make_network("mlp, four layers, tanh")
    params, batch = make_params(net), make_batch(net)
    others = make_params(net, key=9)
    rule = build_rule(rule_name, net)
    F = rule.init_feedback(jax.random.key(3))
    one, _ = rule.pseudo_gradients(params, F, batch)
    two, _ = rule.pseudo_gradients((*params[:2], *others[2:]), F, batch)
    assert_same(one[:2], two[:2], rtol=0, atol=0)
    assert not np.allclose(one[-1], two[-1])


def test_drtp_s_reductions_differ_by_the_batch_size_in_hidden_layers():
    net = make_network("conv, hidden layer")
    params, batch = make_params(net), make_batch(net, size=5)
    F = build_rule("drtp", net).init_feedback(jax.random.key(3))
    summed, mean = (
        build_rule("drtp", net, hidden_reduction=reduction).pseudo_gradients(params, F, batch)[0]
        for reduction in ("sum", "mean")
    )
    assert_same(summed[:-1], [5 * dW for dW in mean[:-1]])
    assert_same(summed[-1:], mean[-1:], rtol=0, atol=0)


@pytest.mark.parametrize(("reduction", "factor"), [("sum", 1), ("mean", 1 / 4)])
def test_drtp_s_output_layer_descends_a_sum_over_the_classes_or_their_mean(reduction, factor):
    """Binary cross-entropy, summed over the four classes, has the gradient e at the output."""
    net = make_network("mlp, sigmoid output")
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("drtp", net, output_reduction=reduction)
    F = rule.init_feedback(jax.random.key(3))
    (hidden, output), _ = rule.pseudo_gradients(params, F, batch)
    gradient = jax.grad(lambda W: direct_loss(net, (params[0], W), batch))(params[1])
    assert_same([output], [factor * gradient])
    (same, _), _ = build_rule("drtp", net).pseudo_gradients(params, F, batch)
    assert_same([hidden], [same], rtol=0, atol=0)


def test_a_local_error_is_the_gradient_of_a_one_layer_network_s_loss():
    """Layer 1 with its classifier learns what BP teaches a network that ends there."""
    net = make_network("mlp, three layers")
    params, batch = make_params(net), make_batch(net, dropout=False)
    rule = build_rule("local_error", net)
    F = rule.init_feedback(jax.random.key(3))
    found, _ = rule.pseudo_gradients(params, F, batch)
    short = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(7,))
    expected = jax.grad(lambda W: direct_loss(short, (W, jnp.transpose(F[0])), batch))(params[0])
    assert_same(found[:1], [expected])

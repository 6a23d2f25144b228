"""Direct feedback learned by forward-mode differentiation: the Jacobian, and BP at the last one."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import UserError, build_network, build_rule
from pepita_jax.analysis import angle
from pepita_jax.networks.network import Network
from pepita_jax.training import one_step
from tests.cases import UNLIKE_NETWORKS, assert_trees_close, make_batch, make_network, make_params

pytestmark = pytest.mark.usefixtures("float64")

FEW_UNITS = {
    "mlp": {"input_shape": (2, 2, 1), "num_classes": 3, "hidden": (5, 4), "bias": True,
            "dropout": 0.3},
    "chain": {"input_shape": (4, 4, 1), "num_classes": 3, "normalize": True, "activation": "tanh",
              "layers": "conv 1 2, maxpool 2, dropout 0.3"},
}  # fmt: skip


def mean_over_all_signs(monkeypatch, rule, params, F, batch):
    """The means of the next F over all signs at the hidden units, the same in each sample."""
    shapes = [layer.activity_shape for layer in rule.net.layers[:-1]]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    signs = jnp.asarray(list(product((-1.0, 1.0), repeat=int(ends[-1]))))

    def update(v):
        parts = zip(jnp.split(v, ends[:-1]), shapes, strict=True)
        noise = tuple(jnp.stack([part.reshape(s)] * len(batch.image)) for part, s in parts)
        monkeypatch.setattr(Network, "draw_noise", lambda *_: noise)
        return rule.pseudo_gradients(params, F, batch)[1]["feedback_value"]

    return jax.tree.map(lambda B: B.mean(0), jax.jit(jax.vmap(update))(signs))


@pytest.mark.parametrize("model", FEW_UNITS)
def test_the_mean_over_all_signs_is_the_jacobian(model, monkeypatch):
    """Of the scores in each layer's activity, mean over the batch; a third of it is new."""
    net = build_network(model, **FEW_UNITS[model])
    rule, params = build_rule("forward_dfa", net, share=1 / 3), make_params(net)
    batch = make_batch(net)
    masks = net.draw_dropout(batch.key, len(batch.image))
    activity = net.forward(params, batch.image, masks)
    F = build_rule("dfa", net).init_feedback(jax.random.key(3))
    found = mean_over_all_signs(monkeypatch, rule, params, F, batch)

    def above(l, h):  # the network from the activity of layer l on
        for m, layer in enumerate(net.layers[l + 1 :], l + 1):
            (W, b) = params[m] if layer.bias else (params[m], 0)
            a = net.layers[m - 1].downstream(h, masks[m]).reshape(len(h), -1) @ W
            a = a + jnp.broadcast_to(b, a.shape)
            h = jax.nn.relu(a) * masks[m + 1] if m < len(net.layers) - 1 else a
        return a

    for l, (B, mean) in enumerate(zip(F, found, strict=True)):
        jacobian = jax.jacrev(lambda h, l=l: above(l, h).sum(0))(activity.h[l]).mean(1)
        np.testing.assert_allclose(mean, 2 / 3 * B + jacobian / 3, rtol=1e-11, atol=1e-14)


def test_with_one_hidden_layer_the_mean_is_the_output_s_weights_and_the_rule_bp(monkeypatch):
    net = build_network("mlp", input_shape=(2, 2, 1), num_classes=3, hidden=(8,))
    rule, params, batch = (
        build_rule("forward_dfa", net, share=0.5),
        make_params(net),
        make_batch(net),
    )
    B = mean_over_all_signs(monkeypatch, rule, params, rule.init_feedback(jax.random.key(0)), batch)
    F = jax.tree.map(lambda B: B / 0.5, B)  # it began at 0
    assert_trees_close(F, [params[1].T])
    monkeypatch.undo()
    found, _ = rule.pseudo_gradients(params, F, batch)
    assert_trees_close(found, build_rule("bp", net).pseudo_gradients(params, (), batch)[0])


@pytest.mark.parametrize("net_name", UNLIKE_NETWORKS[:4])
def test_weights_learn_as_in_dfa(net_name):
    net = make_network(net_name)
    params, batch = make_params(net), make_batch(net)
    dfa = build_rule("dfa", net)
    F = dfa.init_feedback(jax.random.key(3))
    rules = build_rule("forward_dfa", net), dfa
    found, expected = (jax.jit(r.pseudo_gradients)(params, F, batch)[0] for r in rules)
    assert_trees_close(found, expected)


def test_feedback_settles_at_the_weights_above_the_last_hidden_layer():
    net = make_network("mlp, four layers, tanh")
    rule, still = build_rule("forward_dfa", net, share=0.01), optax.sgd(0.0)
    state = one_step.init_state(rule, still, jax.random.key(0))
    batches = [make_batch(net, size=100, key=i) for i in range(4)]
    step = jax.jit(lambda state, batch: one_step.train_step(rule, still, state, batch)[0])
    for i in range(1000):
        key = jax.random.key(i)
        state = step(state, batches[i % 4]._replace(key=key))
    assert angle(state.feedback[-1], state.params[-1].T) < 4
    ratio = jnp.linalg.norm(state.feedback[-1]) / jnp.linalg.norm(state.params[-1])
    np.testing.assert_allclose(ratio, 1, atol=0.03)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(UserError, match=r"rule\.share must"):
        build_rule("forward_dfa", make_network("conv"), share=share)

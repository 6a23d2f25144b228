"""MEMPEPITA is PEPITA: the same numbers, and in each the standard pass once more."""

import jax
import numpy as np
import pytest

from pepita_jax import build_rule
from tests.cases import assert_trees_close, make_batch, make_network, make_params
from tests.rules.test_pepita import OPTIONS


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "options"),
    [("mlp, four layers, tanh", options) for options in OPTIONS]
    + [(name, {}) for name in ("mlp, biases", "conv, normalized", "chain, strides")],
    ids=str,
)
def test_its_numbers_are_those_of_pepita(name, options):
    net = make_network(name)
    params, batch = make_params(net), make_batch(net)
    rules = [
        build_rule(rule, net, feedback_scale=2.0, **options) for rule in ("pepita", "mempepita")
    ]
    F = rules[0].init_feedback(jax.random.key(3))
    (wanted, aux), (found, own_aux) = (jax.jit(r.pseudo_gradients)(params, F, batch) for r in rules)
    assert_trees_close(found, wanted, rtol=1e-12, atol=1e-15)
    for name in aux:
        np.testing.assert_allclose(own_aux[name], aux[name], rtol=1e-12)


def test_the_standard_pass_is_not_merged_with_its_repetition():

    net = make_network("mlp, four layers, tanh")
    params, batch = make_params(net), make_batch(net, dropout=False)

    def products(name):
        rule = build_rule(name, net)
        F = rule.init_feedback(jax.random.key(3))
        return (
            jax.jit(rule.pseudo_gradients).lower(params, F, batch).compile().as_text().count("dot(")
        )

    # The first pass takes L products; of the repeated one, layer L's is of no use.
    assert products("mempepita") == products("pepita") + len(net.layers)

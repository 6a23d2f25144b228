"""Small networks and batches that the tests of rules share."""

import jax
import numpy as np
import pytest

from pepita_jax import RULES, Affine, Batch, Rule, build_network, build_rule
from pepita_jax.rules import find_rule

NETWORKS = {
    "mlp, one layer": ("mlp", {"hidden": ()}),
    "mlp, two layers": ("mlp", {"hidden": (7,), "dropout": 0.3}),
    "mlp, three layers": ("mlp", {"hidden": (7, 6), "dropout": 0.3}),
    "mlp, four layers, tanh": ("mlp", {"hidden": (7, 6, 5), "activation": "tanh"}),
    "mlp, sigmoid output": ("mlp", {"hidden": (7,), "activation": "tanh", "output": "sigmoid"}),
    "mlp, linear": ("mlp", {"hidden": (7,), "activation": "linear", "output": "linear"}),
    "conv": ("conv", {"channels": (3,), "kernel_size": 3}),
    "conv, odd border": ("conv", {"channels": (3,), "kernel_size": 2, "activation": "tanh"}),
    "conv, two blocks, padded": ("conv", {"channels": (3, 5), "kernel_size": 3, "padding": 1}),
    "conv, hidden layer": ("conv", {"channels": (2,), "kernel_size": 3, "hidden": (5,),
                                    "dropout": 0.3}),
}  # fmt: skip
NETWORKS |= {
    "mlp, normalized": ("mlp", {**NETWORKS["mlp, three layers"][1], "normalize": True}),
    "conv, normalized": ("conv", {**NETWORKS["conv, hidden layer"][1], "normalize": True}),
}
NETWORKS |= {
    "mlp, biases": ("mlp", {**NETWORKS["mlp, three layers"][1], "bias": True,
                            "input_dropout": 0.2}),
    "chain, strides": ("chain", {"layers": "conv 3 3 stride=2 padding=1 tanh, avgpool 2 1, "
                                           "dropout 0.3, dense 5 gelu", "bias": True}),
    "chain, deep": ("chain", {"layers": "conv 2 2 sigmoid, conv 3 2, maxpool 2 1, globalavgpool",
                              "activation": "leaky_relu", "input_dropout": 0.2}),
}  # fmt: skip
NETWORKS["mlp, sigmoid"] = ("mlp", {"hidden": (7, 6), "dropout": 0.3, "activation": "sigmoid",
                                    "output": "sigmoid"})  # fmt: skip
# Those that differ most, for what need not be seen on all.
UNLIKE_NETWORKS = (
    "mlp, one layer", "mlp, biases", "conv, normalized", "chain, strides", "chain, deep",
    "mlp, sigmoid output",
)  # fmt: skip
INPUT_SHAPE = (6, 6, 2)
NUM_CLASSES = 4


# Every rule, and the options that change what it computes: {label: (rule, options)}.
VARIANTS = {name: (name, {}) for name in RULES} | {
    "drtp, mean": ("drtp", {"hidden_reduction": "mean"}),
    "sign_symmetry, fixed": ("sign_symmetry", {"magnitudes": "fixed_random"}),
    "sign_symmetry, batchwise": ("sign_symmetry", {"magnitudes": "batchwise_random"}),
    "pepita_mirrored, Hebbian": ("pepita_mirrored", {"updates": "hebbian"}),
    "forward_gradient, local": ("forward_gradient", {"loss": "local"}),
    "forward_gradient, weights": ("forward_gradient", {"perturb": "weights", "samples": 2,
                                                       "output": "perturbed"}),
    "decoupled_greedy, sum": ("decoupled_greedy", {"readout": "sum"}),
    "pepita, noise": ("experiments.papers.pepita.noise.InputNoise", {}),
    "skeleton": ("pepita_jax.rules.skeleton.Skeleton", {}),
    "unusual": ("tests.training.unusual.Unusual", {}),
    "node perturbation": ("tests.rules.node_perturbation.NodePerturbation", {}),
}  # fmt: skip


# Options of rules that are there already, and examples: what they inherit is tested less often.
SLOW_VARIANTS = {
    "drtp, mean", "sign_symmetry, fixed", "sign_symmetry, batchwise", "pepita_mirrored, Hebbian",
    "pepita, noise", "skeleton", "decoupled_greedy, sum", "node perturbation",
    "forward_gradient, local", "forward_gradient, weights",
}  # fmt: skip


def marked(cases, others=()):
    """Parameters of a test, `(variant, ...)`; of `SLOW_VARIANTS`, and all others, slow ones."""
    slow = lambda case: pytest.param(*case, marks=pytest.mark.slow)
    chosen = [slow(case) if case[0] in SLOW_VARIANTS else case for case in cases]
    return [*chosen, *(slow(case) for case in others if case not in cases)]


def slow_after(number, names):
    """Parameters of a test, of which those after so many are slow."""
    names = [*names]
    return [*names[:number], *(pytest.param(n, marks=pytest.mark.slow) for n in names[number:])]


def make_rule(variant, net):
    name, options = VARIANTS[variant]
    return build_rule(name, net, **options)


def suits(variant, net):
    """Whether a variant's rule can be used on a network."""
    return find_rule(VARIANTS[variant][0]).unsuited(net) is None


def pairs(variants, *names):
    """`(variant, network's name)` of all variants on those of the networks that suit their rules.

    A variant that suits none of them is on another network, which has hidden layers if it may.
    """
    others = ("mlp, four layers, tanh", *NETWORKS)  # without dropout, if it may be

    def of(variant):
        suited = lambda names: [name for name in names if suits(variant, make_network(name))]
        return suited(names) or suited(others)[:1]

    return [(variant, name) for variant in variants for name in of(variant)]


def make_weights(rule, key=0):
    """`(params, F)` of a rule; the weights are the rule's own where it draws others."""
    has_own = type(rule).init_params is not Rule.init_params
    params = rule.init_params(jax.random.key(key)) if has_own else make_params(rule.net, key)
    more = {"params": params} if rule.feedback_from_weights else {}
    return params, rule.init_feedback(jax.random.key(3), **more)


def make_network(name):
    model, options = NETWORKS[name]
    return build_network(model, input_shape=INPUT_SHAPE, num_classes=NUM_CLASSES, **options)


def make_params(net, key=0):
    """Weights and biases of any sign and of the current default precision."""
    keys = jax.random.split(jax.random.key(key), len(net.layers))

    def draw(k, layer):
        W = jax.random.normal(k, layer.weight_shape) / np.sqrt(np.prod(layer.weight_shape[:-1]))
        of_bias = jax.random.fold_in(k, 1)
        return Affine(W, jax.random.normal(of_bias, layer.weight_shape[-1:])) if layer.bias else W

    return tuple(map(draw, keys, net.layers))


def make_batch(net, size=5, key=1, dropout=True):
    keys = jax.random.split(jax.random.key(key), 3)
    image = jax.random.uniform(keys[0], (size, *net.input_shape))
    label = jax.random.randint(keys[1], (size,), 0, net.num_classes)
    return Batch(image, label, keys[2] if dropout else None)


def to_numpy(tree):
    return jax.tree.map(np.asarray, tree)


def assert_trees_close(found, wanted, rtol=1e-10, atol=1e-13):
    """Like `assert_allclose`, for weights with or without biases; a list will do for a tuple."""
    found, wanted = tuple(found), tuple(wanted)
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)

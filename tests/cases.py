"""Small networks and batches that the tests of rules share."""

import jax
import numpy as np

from pepita_jax import RULES, Batch, build_network, build_rule

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
INPUT_SHAPE = (6, 6, 2)
NUM_CLASSES = 4


# Every rule, and the options that change what it computes: {label: (rule, options)}.
VARIANTS = {name: (name, {}) for name in RULES} | {
    "drtp, mean": ("drtp", {"hidden_reduction": "mean"}),
    "sign_symmetry, fixed": ("sign_symmetry", {"magnitudes": "fixed_random"}),
    "sign_symmetry, batchwise": ("sign_symmetry", {"magnitudes": "batchwise_random"}),
    "pepita_mirrored, Hebbian": ("pepita_mirrored", {"updates": "hebbian"}),
    "pepita, noise": ("experiments.papers.pepita.noise.InputNoise", {}),
    "skeleton": ("pepita_jax.rules.skeleton.Skeleton", {}),
    "node perturbation": ("tests.rules.node_perturbation.NodePerturbation", {}),
}


def make_rule(variant, net):
    name, options = VARIANTS[variant]
    return build_rule(name, net, **options)


def make_network(name):
    model, options = NETWORKS[name]
    return build_network(model, input_shape=INPUT_SHAPE, num_classes=NUM_CLASSES, **options)


def make_params(net, key=0):
    """Weights of any sign and of the current default precision."""
    keys = jax.random.split(jax.random.key(key), len(net.layers))
    return tuple(
        jax.random.normal(k, layer.weight_shape) / np.sqrt(np.prod(layer.weight_shape[:-1]))
        for k, layer in zip(keys, net.layers, strict=True)
    )


def make_batch(net, size=5, key=1, dropout=True):
    keys = jax.random.split(jax.random.key(key), 3)
    image = jax.random.uniform(keys[0], (size, *net.input_shape))
    label = jax.random.randint(keys[1], (size,), 0, net.num_classes)
    return Batch(image, label, keys[2] if dropout else None)


def to_numpy(tree):
    return jax.tree.map(np.asarray, tree)

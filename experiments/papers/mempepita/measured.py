"""The memory of one compiled step of the autoencoder."""

import jax
import jax.numpy as jnp

from pepita_jax import Batch, build_network, build_rule

HIDDEN = (128, 128, 128, 128, 8, 128, 128, 128, 128)
FLOAT = 4  # bytes


def kept(rule, size):
    """The numbers in a step's temporary arrays per sample, by the compiler's own figure.

    Updates are results of the step, and are not among them.

    Args:
        rule: name of a rule.
        size: images per batch.
    """
    net = build_network(
        "mlp", input_shape=(640, 1, 1), num_classes=640, hidden=HIDDEN, output="linear", bias=True
    )
    rule = build_rule(rule, net)
    batch = Batch(jnp.zeros((size, 640, 1, 1)), jnp.zeros(size, int), jax.random.key(0))
    shapes = jax.eval_shape(rule.init, batch.key)
    compiled = jax.jit(rule.pseudo_gradients).lower(*shapes, batch).compile()
    return compiled.memory_analysis().temp_size_in_bytes / FLOAT / size

"""How far a rule's update is from the one that it tends to."""

import jax
import jax.numpy as jnp


def updates(rule):
    """The rule's update as a compiled function of weights and a batch, without feedback."""
    return jax.jit(lambda params, batch: rule.pseudo_gradients(params, (), batch)[0])


def error(found, wanted):
    """The norm of the difference of two trees over that of the second."""
    as_vector = lambda tree: jnp.concatenate([x.ravel() for x in jax.tree.leaves(tree)])
    found, wanted = as_vector(found), as_vector(wanted)
    return float(jnp.linalg.norm(found - wanted) / jnp.linalg.norm(wanted))

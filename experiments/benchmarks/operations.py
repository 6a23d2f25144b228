"""Floating-point operations of a training step: those of its products and convolutions.

A product of `[m, k]` and `[k, n]` counts 2mkn. The body of a loop counts as often as it runs.
Element-wise work counts nothing. What an implementation computes twice counts twice, and what
nothing uses does not count.
"""

import math

import jax
import jax.numpy as jnp
from jax.extend import core

from pepita_jax.rules import Rule
from pepita_jax.types import Batch


def step_operations(rule: Rule, batch_size: int) -> int:
    """Operations of one step of one seed, without those of the optimizer.

    Args:
        rule: any rule, with its network.
        batch_size: images per step.
    """
    image, label = jnp.zeros((batch_size, *rule.net.input_shape)), jnp.zeros(batch_size, int)

    def step(params, F, image, key):
        batch = Batch(image, label, key)
        updates, aux = rule.pseudo_gradients(params, F, batch)
        if rule.steps_per_batch == 1:
            return updates, aux
        return updates, aux, rule.second_pseudo_gradients(params, F, batch, aux)

    key = jax.random.key(0)
    params, F = jax.eval_shape(rule.init, key)
    return operations(jax.make_jaxpr(step)(params, F, image, key).jaxpr)


def operations(program: core.Jaxpr) -> int:
    """Operations of a JAX program.

    Raises:
        ValueError: the program has a loop whose length is not known.
    """
    used, count = set(filter(_is_variable, program.outvars)), 0
    for equation in reversed(program.eqns):
        if equation.effects or any(v in used for v in equation.outvars):
            count += _operations(equation)
            used |= set(filter(_is_variable, equation.invars))
    return count


def _operations(equation):
    name, parameters = equation.primitive.name, equation.params
    shapes = [v.aval.shape for v in equation.invars if hasattr(v.aval, "shape")]
    if name == "dot_general":
        (contracted, _), _ = parameters["dimension_numbers"]
        k = math.prod(shapes[0][axis] for axis in contracted)
        return 2 * k * math.prod(equation.outvars[0].aval.shape)
    if name == "conv_general_dilated":
        filters = parameters["dimension_numbers"].rhs_spec  # out, in, then sides
        window = math.prod(shapes[1][axis] for axis in filters[1:])
        return 2 * window * math.prod(equation.outvars[0].aval.shape)
    if name == "while":
        raise ValueError("the length of a loop is not known")
    inner = [operations(p) for p in _programs(parameters)]
    if name == "cond" and parameters.get("branches_platforms"):
        return inner[-1]  # of the forms for devices, the one by patches, which multiplies no zeros
    if name == "cond":
        return max(inner)
    return parameters.get("length", 1) * sum(inner)


def _programs(parameters):
    """The programs inside an operation."""
    for value in parameters.values():
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(part, core.ClosedJaxpr):
                yield part.jaxpr
            elif isinstance(part, core.Jaxpr):
                yield part


def _is_variable(v):
    return not isinstance(v, core.Literal)

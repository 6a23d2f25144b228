"""PEPITA with matrix products as coarse as an accelerator's, on any machine.

An accelerator may round the operands of a float32 product to a shorter mantissa; it sums in
float32. A CPU that rounds the operands first gives the same result, up to the order of the sums.
"""

from dataclasses import dataclass, fields, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

from pepita_jax import Batch
from pepita_jax.networks.network import Network
from pepita_jax.rules.pepita import Pepita

EXPONENT_BITS = 8
MANTISSA_BITS = {"float32": 23, "TF32": 10, "bfloat16": 7}
CALLS = {"jit": "jaxpr", "custom_jvp_call": "call_jaxpr"}  # primitives that hold a function


class TwoPasses(Network):
    """A network that runs PEPITA's whole second pass, from the input on, as in Eq. 2."""

    def forward_and_move(self, params, x, directions, masks=None):
        move = lambda c: self.forward(params, x + jnp.tensordot(c, directions, 1), masks)
        return self.forward(params, x, masks), move


FORMS = {"two passes": TwoPasses, "difference carried": Network}


@dataclass(frozen=True)
class RoundedPepita(Pepita):
    """PEPITA that rounds the operands of all matrix products."""

    mantissa_bits: int = 23

    def pseudo_gradients(self, params, F, batch):
        rounded = rounded_products(super().pseudo_gradients, self.mantissa_bits)
        return rounded(params, F, batch)


def rounded_rule(net, form, number_format):
    """PEPITA on `net`, in a form of `FORMS` and a format of `MANTISSA_BITS`."""
    options = {field.name: getattr(net, field.name) for field in fields(Network)}
    return RoundedPepita(FORMS[form](**options), mantissa_bits=MANTISSA_BITS[number_format])


def rounded_products(function, mantissa_bits):
    """The same function, with the operands of its matrix products rounded.

    Args:
        function: takes trees of arrays and returns one; it has no loops.
        mantissa_bits: bits that operands keep; 23 leaves float32 unchanged.
    """

    def evaluate(closed, *inputs):
        jaxpr = closed.jaxpr
        variables = (*jaxpr.constvars, *jaxpr.invars)
        values = dict(zip(variables, (*closed.consts, *inputs), strict=True))
        read = lambda x: x.val if isinstance(x, Literal) else values[x]
        for equation in jaxpr.eqns:
            results = apply(equation, [read(x) for x in equation.invars])
            values.update(zip(equation.outvars, results, strict=True))
        return [read(x) for x in jaxpr.outvars]

    def apply(equation, operands):
        primitive = equation.primitive
        if primitive.name in CALLS:
            return evaluate(equation.params[CALLS[primitive.name]], *operands)
        if platforms := equation.params.get("branches_platforms"):
            here = [p is None or jax.default_backend() in p for p in platforms].index(True)
            return evaluate(equation.params["branches"][here], *operands[1:])
        if primitive.name == "dot_general":
            round_ = lambda x: jax.lax.reduce_precision(x, EXPONENT_BITS, mantissa_bits)
            operands = map(round_, operands)
        results = primitive.bind(*operands, **equation.params)
        return results if primitive.multiple_results else [results]

    def rounded(*arguments):
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        results = evaluate(closed, *jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shape), results)

    return rounded


def hidden_error(rule, params, F, image, label):
    """Relative error of a rounded rule's update of the hidden layers, without dropout.

    Args:
        rule: from `rounded_rule`.
        params, F: weights and feedback of one seed.
        image, label: a batch.

    Returns:
        Norm of the difference to the update in float64, divided by the norm of that update.
    """
    found = _hidden_update(rule, params, F, image, label)
    with jax.enable_x64(True):
        exactly = jax.tree.map(lambda x: jnp.asarray(np.asarray(x, np.float64)), (params, F, image))
        exact = _hidden_update(Pepita(rule.net), *exactly, label)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def _hidden_update(rule, params, F, image, label):
    rule = replace(rule, net=rule.net.without_dropout())
    updates, _ = rule.pseudo_gradients(params, F, Batch(image, label, None))
    return np.concatenate([np.ravel(dW) for dW in updates[:-1]])

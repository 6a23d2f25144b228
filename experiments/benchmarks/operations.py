"""Floating-point operations that a training step needs, counted from the rules' equations.

A product of `[m, k]` and `[k, n]` counts 2mkn. Element-wise work counts nothing, nor does what an
implementation does twice. With batch size B, K classes, and for layer l fan_in f, units n and
positions P (1 for a dense layer), one product with W_l is 2 B P f n.
"""

import math

from pepita_jax.errors import require

OUTPUT_ONLY = {"shallow"}
LAYER_BY_LAYER = {"bp", "fa", "sign_symmetry", "kolen_pollack", "weight_mirror"}
MODULATED = {"pepita", "pepita_hebbian", "pepita_mirrored"}
DIRECT = {"dfa", "sdfa", "drtp"}


def step_operations(rule, net, batch_size):
    """Operations of one step of one seed.

    Args:
        rule: name of the rule, with its default options.
        net: the network.
        batch_size: images per step.
    """
    product = [batch_size * _operations(layer) for layer in net.layers]
    forward, update = sum(product), sum(product)
    if rule in OUTPUT_ONLY:
        update = product[-1]
    return forward + update + _feedback(rule, net, batch_size, product)


def _feedback(rule, net, batch_size, product):
    """Operations of what reaches the hidden layers."""
    hidden, K = net.layers[:-1], net.num_classes
    spread = sum(2 * batch_size * K * math.prod(layer.activity_shape) for layer in hidden)
    above_first = sum(product[1:])
    if rule in MODULATED:
        rows = min(K, batch_size)  # W_1 F, or W_1 (F e)
        mix = 2 * batch_size * K * (math.prod(net.input_shape) + _units(net.layers[0]))
        second_pass = rows * _operations(net.layers[0]) + mix + sum(product[1:-1])
        return second_pass + _beside_the_second_pass(rule, net, product)
    if rule == "weight_mirror":  # noise through W_l, and its correlation
        return above_first + 2 * above_first
    if rule in LAYER_BY_LAYER:
        return above_first
    if rule in DIRECT:
        return spread
    if rule == "local_error":  # to its classifier, and back
        return 2 * spread
    require(rule in OUTPUT_ONLY, f"the operations of {rule} are not counted yet")
    return 0


def _beside_the_second_pass(rule, net, product):
    """Operations that PEPITA's variants need beyond its own."""
    if rule == "pepita_hebbian":  # a second update, by the modulated pass
        return sum(product)
    if rule == "pepita_mirrored":  # noise through W_l, its correlation, and the product of the B_l
        above = sum(net.num_classes * _operations(layer) for layer in net.layers[:-1])
        return 2 * sum(product) + above
    return 0


def _operations(layer):
    return 2 * layer.num_positions * math.prod(layer.weight_shape)


def _units(layer):
    return math.prod(layer.activity_shape)

"""Checks of what a script gives to `pj.train`."""

from typing import Any

import jax
import numpy as np

from pepita_jax.data.images import usable_images
from pepita_jax.errors import UserError, require
from pepita_jax.networks.network import Network, require_network
from pepita_jax.rules.base import Rule
from pepita_jax.training import one_step
from pepita_jax.training.augment import Augment


def check_objects(net: Any, rule: Any, optimizer: Any, feedback_optimizer: Any = None) -> None:
    """Raises a `UserError` unless these are a network, a rule on it, and optimizers for it."""
    require_network(net)
    is_rule = isinstance(rule, Rule)
    require(is_rule, f"rule must be a rule, as from pj.build_rule(name, net), got {rule!r}")
    require(rule.net == net, "the rule was built for another network")
    require_hashable(rule)
    _check_optimizer("optimizer", optimizer, rule.init_params)
    of_feedback = one_step.optimizer_of_feedback(rule, optimizer, feedback_optimizer)
    if rule.learns_feedback:
        is_own = feedback_optimizer is not None
        name = "feedback_optimizer" if is_own else "without feedback_optimizer, optimizer"
        _check_optimizer(name, of_feedback, lambda key: rule.init(key)[1])


def require_hashable(rule: Rule) -> None:
    """Raises a `UserError` unless a rule can be hashed, by which compiled functions are found."""
    try:
        hash(rule)
    except TypeError as error:
        message = "the rule's options must be plain numbers and words, not arrays"
        raise UserError(f"{message}, got {rule!r}") from error


def check_switches(**switches: Any) -> None:
    """Raises a `UserError` unless each is True or False."""
    for name, value in switches.items():
        require(isinstance(value, bool), f"{name} must be True or False, got {value!r}")


def check_augment(net: Network, augment: Any) -> None:
    """Raises a `UserError` unless this is None, or an `Augment` for a network's images."""
    if augment is not None:
        is_augment = isinstance(augment, Augment)
        require(is_augment, f"augment must be a pj.Augment, got {augment!r}")
        augment.check(net.input_shape)


def _check_optimizer(name, optimizer, init):
    """Raises a `UserError` unless an optimizer can descend what `init(key)` draws."""
    is_optimizer = hasattr(optimizer, "init") and hasattr(optimizer, "update")
    message = f"{name} must be one of optax's, such as optax.sgd(0.1), got {optimizer!r}"
    require(is_optimizer, message)

    def update(params):
        return one_step.descend(optimizer, params, optimizer.init(params), params)

    try:
        jax.eval_shape(update, jax.eval_shape(init, jax.random.key(0)))
    # For example lbfgs, which also needs the loss, or an optimizer for other weights.
    except (AssertionError, TypeError, ValueError) as error:
        message = f"{name} cannot be used with pseudo-gradients and weights alone: {error}"
        raise UserError(message) from error


def usable_split(net: Network, split: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Checks `(image, label)` and returns them as training takes them: uint8 or float32, and int32.

    Args:
        net: the network that they are for.
        split: their name, for messages.
        data: the pair as a user gives it.

    Raises:
        UserError: they do not fit the network or each other, or look like a mistake.
    """
    is_pair = isinstance(data, (tuple, list)) and len(data) == 2
    message = f"{split} must be a pair (image, label), such as pj.load_dataset(name).{split}"
    require(is_pair, message)
    try:
        image, label = (np.asarray(x) for x in data)
    except ValueError as error:  # lists of different lengths
        raise UserError(f"{split} images and labels must be arrays: {error}") from error
    image = usable_images(split, image, net.input_shape)
    message = f"{split} labels have shape {label.shape}: give one class number per image"
    require(label.ndim == 1, message)
    message = f"{split} has {len(image)} images and {len(label)} labels"
    require(len(image) == len(label) > 0, message)
    message = f"{split} labels must be integers in 0...{net.num_classes - 1}"
    require(np.issubdtype(label.dtype, np.integer), f"{message}, got {label.dtype}")
    low, high = label.min(), label.max()
    require(0 <= low and high < net.num_classes, f"{message}, got {low} to {high}")
    return image, label.astype(np.int32)

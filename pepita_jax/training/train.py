"""Training from a script or a notebook: `pj.train`."""

from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from pepita_jax.data.images import usable_images
from pepita_jax.errors import UserError, require, require_int
from pepita_jax.history import History
from pepita_jax.jax_settings import fixed_settings
from pepita_jax.networks.network import Network, require_network
from pepita_jax.rules.base import Rule
from pepita_jax.training import one_step
from pepita_jax.training.augment import Augment
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.one_seed import Batching
from pepita_jax.training.one_step import optimizer_of_feedback
from pepita_jax.training.progress import Progress


class Result(NamedTuple):
    """A finished training; every array has the seed axis first.

    Attributes:
        params: tuple of weights, `[S, *shape]` each, NumPy arrays.
        feedback: the rule's feedback.
        history: `{name: [S, num_epochs]}`.
    """

    params: Any
    feedback: Any
    history: History

    def __repr__(self) -> str:
        return f"Result({len(self.history.seeds)} seeds, {self.history.num_epochs} epochs)"


@fixed_settings()
def train(
    net: Network,
    rule: Rule,
    optimizer: optax.GradientTransformation,
    *,
    train: tuple,
    test: tuple,
    num_seeds: int = 10,
    num_epochs: int = 5,
    batch_size: int = 64,
    seed: int = 0,
    seeds_at_once: int | None = None,
    progress: bool = True,
    feedback_optimizer: optax.GradientTransformation | None = None,
    shuffle: bool = True,
    drop_last: bool = True,
    augment: Augment | None = None,
) -> Result:
    """Trains a network on one's own arrays, all seeds at once.

    For a loop of one's own there are `pj.init_state` and `pj.train_step`.

    >>> import optax
    >>> import pepita_jax as pj
    >>> digits = pj.load_dataset("digits")
    >>> net = pj.mlp((8, 8, 1), 10, hidden=(32,))
    >>> result = pj.train(net, pj.Pepita(net), optax.sgd(0.1, momentum=0.9), train=digits.train,
    ...                   test=digits.test, num_seeds=2, num_epochs=3, progress=False)
    >>> result
    Result(2 seeds, 3 epochs)
    >>> result.history["test_accuracy"].shape
    (2, 3)

    Args:
        net: from `build_network`.
        rule: from `build_rule`, on the same network.
        optimizer: any optax transformation; it descends the rule's pseudo-gradients. If its state
            holds random keys, as that of `optax.noisy_sgd`, each seed gets keys of its own.
        train, test: `(image, label)`; images `[N, H, W, C]`, float in [0, 1] or standardised, or
            uint8 in 0...255; labels int `[N]`.
        num_seeds: independent runs; seed k depends on (`seed`, k) alone.
        num_epochs: passes over the training set.
        batch_size: images per step.
        seed: root of all randomness.
        seeds_at_once: layout of the seed axis, see `seed_axis.over_seeds`; None: by device.
        progress: whether to show a progress bar, or a line per epoch outside a terminal.
        feedback_optimizer: for a rule whose feedback learns; None: as for the weights.
        shuffle: whether each epoch has an order of its own; else it is that of `train`.
        drop_last: whether an epoch's last batch is dropped if it is incomplete.
        augment: flips and crops of the training images, drawn anew in each epoch.

    Returns:
        A `Result` with history `train_loss`, `train_accuracy` and `test_accuracy`; NaN from the
        epoch on in which a seed's weights become non-finite. Without any other seed it ends there.

    Raises:
        UserError: sizes do not fit, a number is out of range, images hold NaN or look unscaled, or
            an argument is not of its kind.
    """
    require_int("num_epochs", num_epochs, 1)
    _check_kinds(net, rule, optimizer)
    if feedback_optimizer is not None:
        optimizer_of_feedback(rule, optimizer, feedback_optimizer)
        _check_optimizer("feedback_optimizer", feedback_optimizer, rule.init_feedback)
    if augment is not None:
        is_augment = isinstance(augment, Augment)
        require(is_augment, f"augment must be a pj.Augment, got {augment!r}")
        augment.check(net.input_shape)
    train, test = _check_data(net, "train", train), _check_data(net, "test", test)
    keys = seed_keys(seed, num_seeds)
    trainer = SeedTrainer(
        rule,
        optimizer,
        train,
        batch_size,
        keys,
        seeds_at_once,
        feedback_optimizer=feedback_optimizer,
        batching=Batching(shuffle, drop_last, augment),
    )
    history = []
    with Progress(num_epochs, trainer.steps_per_epoch, shown=progress) as bar:
        for epoch in epochs(trainer, trainer.init(), {"test": test}, 1, num_epochs, bar.advance):
            bar.finish_epoch(epoch)
            history.append(epoch.metrics)
    params, feedback = trainer.gather((epoch.states.params, epoch.states.feedback))
    return Result(params, feedback, History.stack(history, range(num_seeds)))


def _check_kinds(net, rule, optimizer):
    require_network(net)
    is_rule = isinstance(rule, Rule)
    require(is_rule, f"rule must be a rule, as from pj.build_rule(name, net), got {rule!r}")
    require(rule.net == net, "the rule was built for another network")
    _check_optimizer("optimizer", optimizer, net.init)


def _check_optimizer(name, optimizer, init):
    """Raises a `UserError` unless an optimizer can descend what `init(key)` draws."""
    is_optimizer = hasattr(optimizer, "init") and hasattr(optimizer, "update")
    message = f"{name} must be one of optax's, such as optax.sgd(0.1), got {optimizer!r}"
    require(is_optimizer, message)

    def update(params):
        return one_step.descend(optimizer, params, optimizer.init(params), params)

    try:
        jax.eval_shape(update, jax.eval_shape(init, jax.random.key(0)))
    # Such as lbfgs, which wants the loss as well, or one for other weights.
    except (AssertionError, TypeError, ValueError) as error:
        message = f"{name} cannot be used with pseudo-gradients and weights alone: {error}"
        raise UserError(message) from error


def _check_data(net, split, data):
    is_pair = isinstance(data, (tuple, list)) and len(data) == 2
    require(is_pair, f"{split} must be a pair (image, label)")
    try:
        image, label = (np.asarray(x) for x in data)
    except ValueError as error:  # lists of different lengths
        raise UserError(f"{split} images and labels must be arrays: {error}") from error
    image = usable_images(split, image, net.input_shape)
    message = f"{split} labels have shape {label.shape}: give one class number an image"
    require(label.ndim == 1, message)
    message = f"{split} has {len(image)} images and {len(label)} labels"
    require(len(image) == len(label) > 0, message)
    message = f"{split} labels must be integers in 0...{net.num_classes - 1}"
    require(np.issubdtype(label.dtype, np.integer), f"{message}, got {label.dtype}")
    low, high = label.min(), label.max()
    require(0 <= low and high < net.num_classes, f"{message}, got {low} to {high}")
    return image, label.astype(np.int32)

"""Tries what would make PEPITA train filters, on a validation split.

    python -m experiments.studies.filters --hold_norms \\
        --config=configs/default.py:experiments.studies.scaled_filters.ScaledFilters,conv,cifar10 \\
        --config.num_epochs=6 "--config.schedule.epochs=(4,)" --config.num_seeds=1 \\
        --config.preprocess=whiten --config.rule.filter_scale=250

trains the network that --config describes, on nine tenths of the training set. CIFAR-10 has to be
prepared first. After each epoch the command prints three figures of the first seed: the accuracy on
the last tenth, the distance that the first layer's weights have moved, relative to their initial
norm, and the angle of their update to BP's gradient. It writes no files and does not use the test
set.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import flags
from ml_collections import config_flags

from configs.settings import Chosen, make_config
from experiments import train
from experiments.command_line import cli, config_flag
from pepita_jax.errors import require
from pepita_jax.runs.experiment import build_experiment
from pepita_jax.training.loop import epochs

HOLD = flags.DEFINE_bool("hold_norms", False, "keep each filter at its initial norm")
VALIDATION_FRACTION = 0.1


def main(arguments):
    cli.refuse(arguments)
    experiment = build_experiment(read_config() | {"validation_fraction": VALIDATION_FRACTION})
    if HOLD.value:
        experiment = replace(experiment, optimizer=holding_norms(experiment.optimizer))
    num_seeds, num_epochs = (experiment.config[name] for name in ("num_seeds", "num_epochs"))
    trainer = experiment.trainer(range(num_seeds))
    states, splits = trainer.init(), {"validation": experiment.splits["validation"]}
    initial = first_layer(states)
    for epoch in epochs(trainer, states, splits, 1, num_epochs):
        accuracy = 100 * epoch.metrics["validation_accuracy"][0]
        moved = np.linalg.norm(first_layer(epoch.states) - initial) / np.linalg.norm(initial)
        angle = trainer.measure_alignment(epoch.states)["gradient_angle"][0, 0]
        print(
            f"epoch {epoch.number}: validation {accuracy:.1f} %, moved {moved:.3f}, "
            f"angle {angle:.0f}°"
        )


def read_config():
    """The configuration as a nested plain dict."""
    config = train.CONFIG.value
    require(config is not None, f"{config_flag.USAGE} is needed")
    words = config.rule.name, config.model.name, config.dataset
    given = config_flags.get_override_values(flags.FLAGS["config"])
    return make_config(Chosen(words, given), {})


def first_layer(states):
    """The weights of the first seed's first layer, without biases."""
    return np.array(jax.tree.leaves(states.params[0])[0][0])


def holding_norms(optimizer):
    """The optimizer; after each update, every filter is scaled back to its norm."""
    norm = lambda W: jnp.sqrt((W**2).sum((0, 1, 2), keepdims=True))

    def hold(dW, W):
        is_filters = W.ndim == 4
        return (W + dW) * norm(W) / norm(W + dW) - W if is_filters else dW

    def update(updates, state, params):
        updates, state = optimizer.update(updates, state, params)
        return jax.tree.map(hold, updates, params), state

    return optax.GradientTransformation(optimizer.init, update)


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

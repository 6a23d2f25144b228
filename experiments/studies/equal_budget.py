"""The cost of each rule, and tables of rules: after equal epochs, for equal operations, angles."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmarks.operations import step_operations
from pepita_jax.rules import Rule
from pepita_jax.rules.bp import BP
from pepita_jax.tables import as_percent
from pepita_jax.types import Batch


class Cost(NamedTuple):
    """What an update of one seed costs.

    Attributes:
        operations: as a multiple of `bp`'s on the same network.
        memory: of temporary arrays, in MiB, by the compiler's estimate. If a batch has two steps,
            it is that of the larger one.
    """

    operations: float
    memory: float

    def epochs(self, budget: float) -> int:
        """The number of epochs that comes nearest to the operations of `budget` epochs of `bp`."""
        return max(1, round(budget / self.operations))


def measure(rule: Rule, size: int) -> Cost:
    """The `Cost` of a rule on its network, for batches of `size` images."""
    net = rule.net
    batch = Batch(jnp.zeros((size, *net.input_shape)), jnp.zeros(size, int), jax.random.key(0))
    shapes = jax.eval_shape(rule.init, batch.key)
    bytes_ = _temporaries(rule.pseudo_gradients, *shapes, batch)
    if rule.steps_per_batch == 2:
        _, aux = jax.eval_shape(rule.pseudo_gradients, *shapes, batch)
        bytes_ = max(bytes_, _temporaries(rule.second_pseudo_gradients, *shapes, batch, aux))
    ratio = step_operations(rule, size) / step_operations(BP(net), size)
    return Cost(ratio, bytes_ / 2**20)


def _temporaries(step, *arguments):
    compiled = jax.jit(step).lower(*arguments).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def equal_epochs(runs, costs, last):
    """The first table: rows of strings, the best rule first."""
    headings = ("rule", "test %", "operations / bp", "memory, MiB", "angle to bp, first layer")

    def row(name):
        angles = runs[name].alignment["gradient_angle"][:, last : last + 1, 0]
        angle = "-" if np.isnan(angles).all() else f"{np.nanmean(angles):.0f}°"
        figures = f"{costs[name].operations:.2f}", f"{costs[name].memory:.2f}", angle
        return (name, show(runs[name], last), *figures)

    return [headings, *map(row, best_first(runs, lambda name: last))]


def angles_along(runs, last):
    """How each layer's updates turn during training, for rules that approach Gauss-Newton.

    Returns rows of strings: angles to `bp`'s updates and to Gauss-Newton's, as means over seeds.
    """
    rows = [("rule", "layer", "angle to", *(f"epoch {epoch}" for epoch in range(last + 1)))]
    for name, run in runs.items():
        to_newton = run.alignment.get("gauss_newton_angle", np.empty((0, 0, 0)))
        for layer in range(to_newton.shape[-1]):
            for whose, angles in (("bp", "gradient_angle"), ("Gauss-Newton", "gauss_newton_angle")):
                of_layer = run.alignment[angles][:, : last + 1, layer].mean(0)
                rows.append((name, str(layer + 1), whose, *(f"{a:.0f}°" for a in of_layer)))
    return rows


def equal_budget(runs, costs, budget):
    """The second table: rows of strings, the best rule first."""
    epochs = {name: costs[name].epochs(budget) for name in runs}

    def row(name):
        spent = epochs[name] * costs[name].operations
        return name, show(runs[name], epochs[name]), str(epochs[name]), f"{spent:.1f}"

    headings = ("rule", "test %", "epochs", "operations, epochs of bp")
    return [headings, *map(row, best_first(runs, epochs.get))]


def accuracies(run, epoch):
    """Test accuracy of every seed after an epoch, `[S]`; NaN if the epoch is not reached."""
    found = run.history["test_accuracy"]
    return found[:, epoch - 1] if found.shape[1] >= epoch else np.full(len(found), np.nan)


def best_first(runs, epoch_of):
    """Names of the runs, by falling mean accuracy; those that lack the epoch come last."""

    def rank(name):
        found = accuracies(runs[name], epoch_of(name))
        return np.inf if np.isnan(found).all() else -np.nanmean(found)

    return sorted(runs, key=rank)


def show(run, epoch):
    found = accuracies(run, epoch)
    if np.isnan(found).all():
        return "-"
    std = float(np.nanstd(found, ddof=1)) if len(found) > 1 else None
    return as_percent({"mean": float(np.nanmean(found)), "std": std})

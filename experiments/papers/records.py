"""The records of a trained run: the figures of each epoch, and summaries of the weights."""

import numpy as np

from pepita_jax.networks.bias import without_biases
from pepita_jax.runs.config_file import without_environment
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.load import restore_weights
from pepita_jax.runs.rows import as_json, to_history
from pepita_jax.runs.saved_run import FIRST_EPOCH

DECIMALS = 6
BINS = 120


def make_records(run, group, epochs, seeds):
    """Yields the records of some seeds of a seed group, plain dicts.

    Args:
        run: the `PaperRun`.
        group: a `SeedGroup` that was trained for `epochs` or more, unless it has diverged.
        epochs: number of epochs.
        seeds: numbers of the seeds.
    """
    content = group.config
    config = without_environment(content)
    params, _ = restore_weights(build_rule_on_network(config), group)
    epochs = max(epochs, group.epoch)
    names = ("environment", "earlier_environments")
    where = {name: content[name] for name in names if name in content}
    for seed in seeds:
        record = {"run": run.name, "seed": seed, "epochs": epochs, "config": config, **where}
        for name, first in FIRST_EPOCH.items():
            record[name] = _figures_of(group.rows[name], seed, range(first, epochs + 1))
        trained = tuple(np.asarray(W[group.seeds.index(seed)]) for W in without_biases(params))
        if all(np.isfinite(W).all() for W in trained):
            record["histograms"] = [describe_weights(W) for W in trained]
            more = {name: make(config, trained, seed) for name, make in run.kept}
            record |= {name: value for name, value in more.items() if value is not None}
        yield record


def _figures_of(rows, seed, epochs):
    """`{name: [epochs, ...]}` as nested lists."""
    own = [row for row in rows if row["seed"] == seed]
    history = to_history(own, [seed], epochs) if own else {}
    return {name: as_json(values[0].round(DECIMALS)) for name, values in history.items()}


def describe_weights(W):
    """A histogram of a layer's weights: its two ends, and the counts in equal bins (Fig. 6)."""
    counts, edges = np.histogram(W.astype(float), BINS)
    return {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()}

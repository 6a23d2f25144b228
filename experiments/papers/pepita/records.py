"""The records kept of a trained run: figures of each epoch, and summaries of the weights."""

import sys

import numpy as np

from experiments.papers.pepita.fits import fit_distribution
from experiments.papers.pepita.runs import EMBEDDING, FITS
from pepita_jax.data import load_stored
from pepita_jax.runs.config_file import without_environment
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.load import initial_weights, restore_weights
from pepita_jax.runs.rows import as_json, to_history
from pepita_jax.runs.saved_run import FIRST_EPOCH

DECIMALS = 6
BINS = 120
FAMILIES = ("norm", "t")
EMBEDDED = 2000  # test images


def make_records(run, group, epochs, seeds):
    """Yields the records of some seeds of a seed group, plain dicts.

    Args:
        run: the `PaperRun`.
        group: a `SeedGroup` trained for `epochs` or more, unless it has diverged.
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
        trained = tuple(np.asarray(W[group.seeds.index(seed)]) for W in params)
        if all(np.isfinite(W).all() for W in trained):
            record["histograms"] = [describe_weights(W) for W in trained]
            if FITS in run.kept:
                fits = {family: fit_distribution(family, trained[-1]) for family in FAMILIES}
                record[FITS] = {family: fit._asdict() for family, fit in fits.items()}
            if EMBEDDING in run.kept and seed == 0:
                print(f"{run.name}: t-SNE, which takes a minute", file=sys.stderr)
                record[EMBEDDING] = embed(config, trained)
        yield record


def _figures_of(rows, seed, epochs):
    """`{name: [epochs, ...]}` as nested lists."""
    own = [row for row in rows if row["seed"] == seed]
    history = to_history(own, [seed], epochs) if own else {}
    return {name: as_json(values[0].round(DECIMALS)) for name, values in history.items()}


def describe_weights(W):
    """A histogram of a layer's weights: its ends, and counts in equal parts between (Fig. 6)."""
    counts, edges = np.histogram(W.astype(float), BINS)
    return {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()}


def embed(config, trained):
    """t-SNE of the hidden layer's activity for test images, before and after training (Fig. 4)."""
    from sklearn.manifold import TSNE

    rule = build_rule_on_network(config)
    images, labels = load_stored(config["dataset"], config["data_dir"]).test
    images, labels = images[:EMBEDDED], labels[:EMBEDDED]
    drawn, _ = initial_weights(rule, config["seed"], range(1))
    before = tuple(W[0] for W in drawn)
    points = {}
    for name, params in {"before": before, "after": trained}.items():
        hidden = np.asarray(rule.net.forward(params, images).h[0])
        points[name] = as_json(TSNE(random_state=0).fit_transform(hidden).round(2))
    return {"labels": labels.tolist(), **points}

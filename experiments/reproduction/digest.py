"""What is kept of a trained cell: its figures, and what is drawn of its weights."""

import numpy as np

from experiments.reproduction.cells import PEPITA
from experiments.reproduction.fits import fit_distribution
from pepita_jax.build import build_rule_on_network
from pepita_jax.data import load_dataset
from pepita_jax.run import initial_states, restore_states
from pepita_jax.storage.rows import as_json, to_history
from pepita_jax.storage.saved_run import FIRST_EPOCH, without_environment

DECIMALS = 6
BINS = 120
FAMILIES = ("norm", "t")
EMBEDDED = 2000  # test images
EMBEDDED_CELLS = (PEPITA.name, PEPITA.quick().name)


def digest(cell, cohort, epochs):
    """Yields `(seed, record)` for each seed of a cohort; the records are plain dicts.

    Args:
        cell: the `Cell`.
        cohort: trained for `epochs` or more, unless it has diverged.
        epochs: number of epochs.
    """
    content = cohort.config
    config = without_environment(content)
    params = restore_states(config, cohort).params
    epochs = max(epochs, cohort.epoch)
    names = ("environment", "earlier_environments")
    where = {name: content[name] for name in names if name in content}
    for i, seed in enumerate(cohort.seeds):
        trained = tuple(np.asarray(W[i]) for W in params)
        record = {"cell": cell.name, "seed": seed, "epochs": epochs, "config": config, **where}
        for name, first in FIRST_EPOCH.items():
            record[name] = _figures_of(cohort.rows[name], seed, range(first, epochs + 1))
        record["weights"] = describe_weights(trained)
        if cell.name in EMBEDDED_CELLS and seed == 0:
            record["embedding"] = embed(config, trained)
        yield seed, record


def _figures_of(rows, seed, epochs):
    """`{name: [epochs, ...]}` as nested lists."""
    own = [row | {"seed": 0} for row in rows if row["seed"] == seed]
    history = to_history(own, 1, epochs) if own else {}
    return {name: as_json(values[0].round(DECIMALS)) for name, values in history.items()}


def describe_weights(params):
    """A histogram of each layer's weights, and fits to the output layer's (Fig. 6 and 10)."""
    if not all(np.isfinite(W).all() for W in params):
        return None
    histograms = []
    for W in params:
        counts, edges = np.histogram(W, BINS)
        ends = (float(edges[0]), float(edges[-1]))
        histograms.append({"low": ends[0], "high": ends[1], "counts": counts.tolist()})
    values = params[-1].ravel().astype(float)
    fits = {family: fit_distribution(family, values)._asdict() for family in FAMILIES}
    return {"histograms": histograms, "fits": fits}


def embed(config, trained):
    """t-SNE of the hidden layer's activity for test images, before and after training (Fig. 4)."""
    from sklearn.manifold import TSNE

    net = build_rule_on_network(config).net
    images, labels = load_dataset(config["dataset"], config["data_dir"]).test
    images, labels = images[:EMBEDDED], labels[:EMBEDDED]
    images = images / np.float32(255) if images.dtype == np.uint8 else images
    before = tuple(W[0] for W in initial_states(config, 1).params)
    points = {}
    for name, params in {"before": before, "after": trained}.items():
        hidden = np.asarray(net.forward(params, images).h[0])
        points[name] = as_json(TSNE(random_state=0).fit_transform(hidden).round(2))
    return {"labels": labels.tolist(), **points}

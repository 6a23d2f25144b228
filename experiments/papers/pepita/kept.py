"""What the records of some runs have in addition: fits of the weights, and a t-SNE."""

import sys

import numpy as np

from experiments.papers.pepita.fits import fit_distribution
from pepita_jax.data import load_stored
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.load import initial_weights
from pepita_jax.runs.rows import as_json

FITS, EMBEDDING = "fits", "embedding"
FAMILIES = ("norm", "t")
EMBEDDED = 2000  # test images


def fit_output_layer(config, trained, seed):
    """Distributions fitted to the output layer's weights (Fig. 10)."""
    fits = {family: fit_distribution(family, trained[-1]) for family in FAMILIES}
    return {family: fit._asdict() for family, fit in fits.items()}


def embed(config, trained, seed):
    """t-SNE of the hidden layer's activity for test images, before and after training (Fig. 4).

    It is made for seed 0 only.
    """
    if seed:
        return None
    from sklearn.manifold import TSNE

    print("computing t-SNE, which takes a minute", file=sys.stderr)
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

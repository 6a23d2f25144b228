"""Results as if cells had been trained."""

import numpy as np

from experiments.reproduction.results import Results

HISTOGRAM = {"low": -1.0, "high": 1.0, "counts": [1, 2, 1]}


def fit(parameters, distance, log_likelihood):
    return {"parameters": parameters, "distance": distance, "log_likelihood": log_likelihood}


WEIGHTS = {
    "histograms": [HISTOGRAM, HISTOGRAM],
    "fits": {"norm": fit([0.0, 0.5], 0.1, -1.0), "t": fit([3.0, 0.0, 0.4], 0.02, -0.8)},
}


def plant(folder, cell, accuracies, num_seeds=10, num_epochs=100, **more):
    """Files of seeds 0, 1, ... with these test accuracies, `[seeds, epochs]`."""
    config = cell.config(num_seeds, num_epochs)
    for seed, values in enumerate(np.array(accuracies).tolist()):
        record = {"cell": cell.name, "seed": seed, "epochs": len(values), "config": config}
        record |= {"environment": {"jax": "0"}, "weights": WEIGHTS, "alignment": {}}
        record["metrics"] = {"test_accuracy": values}
        Results(folder).write(cell, seed, record | more)


def rows_of(markdown):
    """The cells of a table, without its headings."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

"""Results as if runs had been trained."""

import numpy as np

from experiments.papers.results import Results

HISTOGRAM = {"low": -1.0, "high": 1.0, "counts": [1, 2, 1]}


def fit(parameters, distance, log_likelihood):
    return {"parameters": parameters, "distance": distance, "log_likelihood": log_likelihood}


FITS = {"norm": fit([0.0, 0.5], 0.1, -1.0), "t": fit([3.0, 0.0, 0.4], 0.02, -0.8)}


def plant(folder, run, accuracies, first=0, **more):
    """Records of seeds with these test accuracies, `[seeds, epochs]`; None: it has diverged."""
    for seed, values in enumerate(np.array(accuracies).tolist(), first):
        record = {"run": run.name, "seed": seed, "epochs": len(values)}
        record |= {"config": run.config(10, 100), "environment": {"jax": "0"}, "alignment": {}}
        record["metrics"] = {"test_accuracy": values}
        if values[-1] is not None:
            record |= {"histograms": [HISTOGRAM, HISTOGRAM], "fits": FITS}
        Results(folder).add(run, [record | more])


def rows_of(markdown):
    """The cells of a table in Markdown, row by row, without its headings."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

"""The tables and figures of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.biotorch.mnist import table_and_curves
from experiments.papers.biotorch.runs import ON_MNIST

BIOTORCH = Paper(
    'Sanfiz & Akrout, "Benchmarking [...] Feedback Alignment Algorithms", 2021 (biotorch)',
    {"lenet5": Artifact("LeNet-5 on MNIST, six rules", table_and_curves, [*ON_MNIST.values()])},
    "experiments/papers/biotorch/results",
)

"""The tables and figures of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.local_loss.mnist import table_and_curves
from experiments.papers.local_loss.runs import ON_MNIST

LOCAL_LOSS = Paper(
    'Nøkland & Eidnes, "Training Neural Networks with Local Error Signals", ICML 2019',
    {"mlp": Artifact("3 x 1024 units on MNIST", table_and_curves, [*ON_MNIST.values()])},
    "experiments/papers/local_loss/results",
)

"""The tables and figures of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.weight_mirror import mnist
from experiments.papers.weight_mirror.runs import ON_MNIST

_RUNS = [*ON_MNIST.values()]
WEIGHT_MIRROR = Paper(
    'Akrout et al., "Deep Learning without Weight Transport", NeurIPS 2019',
    {
        "mnist_accuracy": Artifact("MNIST: test accuracy, 400 epochs", mnist.accuracy, _RUNS),
        "mnist_angles": Artifact("MNIST: angle between B and W", mnist.angles, _RUNS[1:]),
    },
    "experiments/papers/weight_mirror/results",
)

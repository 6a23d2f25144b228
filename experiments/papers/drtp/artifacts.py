"""The tables and figures of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.drtp.fc1 import table_and_curves
from experiments.papers.drtp.runs import FC1

DRTP = Paper(
    'Frenkel, Lefebvre & Bol, "Learning Without Feedback", Frontiers in Neuroscience 2021',
    {"fc1_500": Artifact("FC1-500 on MNIST, six rules", table_and_curves, [*FC1.values()])},
    "experiments/papers/drtp/results",
)

"""The tables of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.mempepita import tables

MEMPEPITA = Paper(
    "Pau & Aymone, Suitability of Forward-Forward and PEPITA to MLCommons-Tiny, COINS 2023",
    {
        "operations": Artifact("Multiply-accumulates of a step", tables.operations_table, []),
        "activations": Artifact("Numbers kept in a step", tables.activations_table, []),
        "compiled": Artifact("What a compiled step keeps", tables.measured_table, []),
    },
    "experiments/papers/mempepita/results",
)

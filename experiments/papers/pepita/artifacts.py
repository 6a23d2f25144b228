"""The tables and figures of this paper, and the runs that each needs."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.pepita import accuracies, dynamics, runs, speed, weights

_ON_CIFAR_10, _HE_NORMAL = runs.MLP_ON_CIFAR_10, [*runs.HE_NORMAL.values()]
ARTIFACTS = {
    "table1": Artifact("Table 1: test accuracy", accuracies.table_1, runs.TABLE_1),
    "table3": Artifact("Table 3: slowness", speed.table_3, runs.TABLE_3),
    "table4": Artifact("Table 4: whitened input", accuracies.table_4, runs.TABLE_4),
    "fig3": Artifact("Figure 3: dynamics on MNIST", dynamics.figure_3, [runs.PEPITA]),
    "fig4": Artifact("Figure 4: the hidden layer, by t-SNE", weights.figure_4, [runs.PEPITA]),
    "fig5": Artifact("Figure 5: without the error", dynamics.figure_5, runs.FIG_5),
    "fig6": Artifact("Figure 6: distributions of the weights", weights.figure_6, _HE_NORMAL),
    "fig7": Artifact("Figure 7: test curves on CIFAR-10", speed.figure_7, _ON_CIFAR_10),
    "fig8": Artifact("Figure 8: the plateau equation", speed.figure_8, _ON_CIFAR_10),
    "fig9": Artifact("Figure 9: dynamics of 1000 epochs", dynamics.figure_9, [runs.LONG]),
    "fig10": Artifact("Figure 10: normal and Student's t", weights.figure_10, _HE_NORMAL),
    "anti_alignment": Artifact(
        "Appendix E: anti-alignment in a linear network", dynamics.anti_alignment, runs.LINEAR
    ),
    "readings": Artifact(
        "Other readings of the paper, and its authors' programs", accuracies.readings, runs.READINGS
    ),
    "frozen": Artifact(
        "PEPITA's convolutions beside frozen random filters",
        accuracies.frozen_filters,
        [run for run in runs.TABLE_1 if run.words[:2] in (("pepita", "conv"), ("shallow", "conv"))],
    ),
}
PEPITA = Paper(
    'Dellaferrera & Kreiman, "Error-driven Input Modulation", ICML 2022',
    ARTIFACTS,
    "experiments/papers/pepita/results",
)

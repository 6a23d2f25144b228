"""The tables and figures that can be asked for, and the runs behind each."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from experiments.papers.pepita.runs import (
    FIG_5,
    HE_NORMAL,
    LINEAR,
    LONG,
    MLP_ON_CIFAR_10,
    PEPITA,
    READINGS,
    TABLE_1,
    TABLE_3,
    TABLE_4,
    PaperRun,
)
from pepita_jax.errors import require, require_name


class Artifact(NamedTuple):
    """A table or figure.

    Attributes:
        title: what it shows.
        runs: the runs that it needs.
    """

    title: str
    runs: list[PaperRun]


ARTIFACTS = {
    "table1": Artifact("Table 1: test accuracy", TABLE_1),
    "table3": Artifact("Table 3: slowness", TABLE_3),
    "table4": Artifact("Table 4: whitened input", TABLE_4),
    "fig3": Artifact("Figure 3: dynamics on MNIST", [PEPITA]),
    "fig4": Artifact("Figure 4: the hidden layer, by t-SNE", [PEPITA]),
    "fig5": Artifact("Figure 5: without the error", FIG_5),
    "fig6": Artifact("Figure 6: distributions of the weights", [*HE_NORMAL.values()]),
    "fig7": Artifact("Figure 7: test curves on CIFAR-10", MLP_ON_CIFAR_10),
    "fig8": Artifact("Figure 8: the plateau equation", MLP_ON_CIFAR_10),
    "fig9": Artifact("Figure 9: dynamics of 1000 epochs", [LONG]),
    "fig10": Artifact("Figure 10: normal and Student's t", [*HE_NORMAL.values()]),
    "anti_alignment": Artifact("Appendix E: anti-alignment in a linear network", LINEAR),
    "readings": Artifact("Other readings of the paper, and its authors' programs", READINGS),
}


def read_artifacts(arguments):
    """What is asked for: `{artifact: runs}`.

    Args:
        arguments: each `all`, `ARTIFACT`, or `ARTIFACT:RUN`, a run's name or its
            RULE,MODEL,DATASET, in which * stands for anything.

    Raises:
        UserError: there is no such artifact or run.
    """
    require(arguments, f"which artifact? Valid: all, {', '.join(ARTIFACTS)}")
    wanted = {}
    for argument in arguments:
        chosen, colon, pattern = argument.partition(":")
        require(not colon or chosen != "all", f"{argument!r}: all has no parts, its artifacts have")
        require_name("artifact", chosen, ["all", *ARTIFACTS])
        for artifact in ARTIFACTS if chosen == "all" else [chosen]:
            wanted.setdefault(artifact, []).extend(_matching(artifact, pattern if colon else "*"))
    return wanted


def _matching(artifact, pattern):
    every = ARTIFACTS[artifact].runs
    matches = lambda run: any(fnmatchcase(n, pattern) for n in (run.name, ",".join(run.words)))
    runs = [run for run in every if matches(run)]
    few = f", {', '.join(run.name for run in every)}" if len(every) < 10 else ""
    valid = f"RULE,MODEL,DATASET, in which * stands for anything{few}; see --help"
    require(runs, f"{artifact} has no run {pattern!r}; valid: {valid}")
    return runs

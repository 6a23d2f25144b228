"""The tables and figures that can be asked for, and the runs behind each."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from experiments.papers.pepita.cells import (
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
    Cell,
)
from pepita_jax.errors import require, require_name


class Target(NamedTuple):
    """A table or figure.

    Attributes:
        title: what it shows.
        cells: the runs that it needs.
    """

    title: str
    cells: list[Cell]


TARGETS = {
    "table1": Target("Table 1: test accuracy", TABLE_1),
    "table3": Target("Table 3: slowness", TABLE_3),
    "table4": Target("Table 4: whitened input", TABLE_4),
    "fig3": Target("Figure 3: dynamics on MNIST", [PEPITA]),
    "fig4": Target("Figure 4: the hidden layer, by t-SNE", [PEPITA]),
    "fig5": Target("Figure 5: without the error", FIG_5),
    "fig6": Target("Figure 6: distributions of the weights", [*HE_NORMAL.values()]),
    "fig7": Target("Figure 7: test curves on CIFAR-10", MLP_ON_CIFAR_10),
    "fig8": Target("Figure 8: the plateau equation", MLP_ON_CIFAR_10),
    "fig9": Target("Figure 9: dynamics of 1000 epochs", [LONG]),
    "fig10": Target("Figure 10: normal and Student's t", [*HE_NORMAL.values()]),
    "anti_alignment": Target("Appendix E: anti-alignment in a linear network", LINEAR),
    "readings": Target("Other readings of the paper, and its authors' programs", READINGS),
}


def read_targets(arguments):
    """What is asked for: `{target: cells}`.

    Args:
        arguments: each `all`, `TARGET`, or `TARGET:CELL`, a cell's name or its RULE,MODEL,DATASET,
            in which * stands for anything.

    Raises:
        UserError: there is no such target or cell.
    """
    require(arguments, f"which target? Valid: all, {', '.join(TARGETS)}")
    wanted = {}
    for argument in arguments:
        chosen, colon, pattern = argument.partition(":")
        require(not colon or chosen != "all", f"{argument!r}: all has no parts, its targets have")
        require_name("target", chosen, ["all", *TARGETS])
        for target in TARGETS if chosen == "all" else [chosen]:
            wanted.setdefault(target, []).extend(_matching(target, pattern if colon else "*"))
    return wanted


def _matching(target, pattern):
    every = TARGETS[target].cells
    matches = lambda cell: any(fnmatchcase(n, pattern) for n in (cell.name, ",".join(cell.words)))
    cells = [cell for cell in every if matches(cell)]
    few = f", {', '.join(c.name for c in every)}" if len(every) < 10 else ""
    valid = f"RULE,MODEL,DATASET, in which * stands for anything{few}; see --help"
    require(cells, f"{target} has no cell {pattern!r}; valid: {valid}")
    return cells

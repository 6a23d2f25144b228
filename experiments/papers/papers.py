"""The papers that are reproduced."""

from experiments.papers.mempepita.artifacts import MEMPEPITA
from experiments.papers.pepita.artifacts import PEPITA
from experiments.papers.weight_mirror.artifacts import WEIGHT_MIRROR

PAPERS = {"pepita": PEPITA, "mempepita": MEMPEPITA, "weight_mirror": WEIGHT_MIRROR}
DEFAULT = "pepita"  # whose artifacts need not be preceded by it

"""The papers that are reproduced."""

from experiments.papers.pepita.artifacts import PEPITA

PAPERS = {"pepita": PEPITA}
DEFAULT = "pepita"  # whose artifacts need not be preceded by it

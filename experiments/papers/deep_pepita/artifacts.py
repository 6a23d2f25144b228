"""The tables of this paper."""

from experiments.papers.artifacts import Artifact, Paper
from experiments.papers.deep_pepita import depth
from experiments.papers.deep_pepita.runs import DEPTH, NORMALIZED

_PLAIN = {key: run for key, run in DEPTH.items() if not key[3]}
_PEPITA = [run for (_, rule, *_), run in _PLAIN.items() if rule == "pepita"]
_HEBBIAN = [run for (_, rule, *_), run in _PLAIN.items() if rule == "pepita_hebbian"]
DEEP_PEPITA = Paper(
    'Srinivasan et al., "Forward Learning with Top-Down Feedback", ICLR 2024',
    {
        "depth": Artifact("Test accuracy by depth", depth.depth, [*DEPTH.values()]),
        "hebbian": Artifact("PEPITA-Hebbian beside PEPITA", depth.hebbian, [*_PEPITA, *_HEBBIAN]),
        "normalized": Artifact(
            "PEPITA with normalized layers", depth.normalized, [*_PEPITA, *NORMALIZED.values()]
        ),
    },
    "experiments/papers/deep_pepita/results",
)

"""The papers that are reproduced."""

from experiments.papers.biotorch.artifacts import BIOTORCH
from experiments.papers.deep_pepita.artifacts import DEEP_PEPITA
from experiments.papers.drtp.artifacts import DRTP
from experiments.papers.local_loss.artifacts import LOCAL_LOSS
from experiments.papers.mempepita.artifacts import MEMPEPITA
from experiments.papers.pepita.artifacts import PEPITA
from experiments.papers.weight_mirror.artifacts import WEIGHT_MIRROR

PAPERS = {
    "pepita": PEPITA,
    "deep_pepita": DEEP_PEPITA,
    "mempepita": MEMPEPITA,
    "weight_mirror": WEIGHT_MIRROR,
    "drtp": DRTP,
    "biotorch": BIOTORCH,
    "local_loss": LOCAL_LOSS,
}
DEFAULT = "pepita"  # its artifacts may be named without it

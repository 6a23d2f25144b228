"""Forward-only and feedback-alignment learning rules in JAX."""

from pepita_jax import analysis
from pepita_jax.data import DATASETS, load_dataset
from pepita_jax.errors import UserError
from pepita_jax.networks.models import build_network
from pepita_jax.networks.network import Network
from pepita_jax.rules import RULES, Rule, build_rule
from pepita_jax.runs.load import Run, load_run
from pepita_jax.training.optimizers import build_optimizer
from pepita_jax.training.train import Result, train
from pepita_jax.types import Batch

__all__ = [
    "DATASETS",
    "RULES",
    "Batch",
    "Network",
    "Result",
    "Rule",
    "Run",
    "UserError",
    "analysis",
    "build_network",
    "build_optimizer",
    "build_rule",
    "load_dataset",
    "load_run",
    "train",
]

"""Forward-only and feedback-alignment learning rules in JAX.

A rule is a pure function `(params, F, batch) -> (pseudo_gradients, aux)`. `train` trains many seeds
in one call. `init_state` and `train_step` serve your own training loop.
"""

from pepita_jax import analysis, attacks
from pepita_jax.data import DATASETS, load_dataset
from pepita_jax.errors import UserError
from pepita_jax.networks import (
    MODELS,
    Affine,
    AvgPool,
    Conv,
    Dense,
    Dropout,
    GlobalAvgPool,
    MaxPool,
    Network,
    build_network,
    chain,
    conv,
    frenkel_conv,
    lenet5,
    mlp,
    vgg5,
    vgg8b,
)
from pepita_jax.rules import RULES, Rule, SignalRule, build_rule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.burst_propagation import BurstPropagation
from pepita_jax.rules.contrastive_hebbian import ContrastiveHebbian
from pepita_jax.rules.decoupled_greedy import DecoupledGreedy
from pepita_jax.rules.deep_feedback_control import (
    DeepFeedbackControl,
    DeepFeedbackControlLearned,
)
from pepita_jax.rules.dfa import DFA, SDFA
from pepita_jax.rules.difference_target_propagation import DifferenceTargetPropagation
from pepita_jax.rules.drtp import DRTP
from pepita_jax.rules.equilibrium_propagation import EquilibriumPropagation
from pepita_jax.rules.fa import FA
from pepita_jax.rules.forward_dfa import ForwardDFA
from pepita_jax.rules.forward_forward import ForwardForward
from pepita_jax.rules.forward_gradient import ForwardGradient
from pepita_jax.rules.gevb import GEVB
from pepita_jax.rules.kolen_pollack import KolenPollack
from pepita_jax.rules.local_error import LocalError
from pepita_jax.rules.mempepita import Mempepita
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.pepita_hebbian import PepitaHebbian
from pepita_jax.rules.pepita_hidden import PepitaHidden
from pepita_jax.rules.pepita_mirrored import PepitaMirrored
from pepita_jax.rules.pepita_time_local import PepitaTimeLocal
from pepita_jax.rules.predictive_coding import PredictiveCoding
from pepita_jax.rules.shallow import Shallow
from pepita_jax.rules.sign_symmetry import SignSymmetry
from pepita_jax.rules.synthetic_gradients import SyntheticGradients
from pepita_jax.rules.weight_mirror import WeightMirror
from pepita_jax.runs.load import Run, load_run
from pepita_jax.runs.train import Result, train
from pepita_jax.training.augment import Augment
from pepita_jax.training.one_step import init_state, train_step
from pepita_jax.training.optimizers import build_optimizer
from pepita_jax.types import Batch, TrainState
from pepita_jax.version import __version__ as __version__

__all__ = [
    "BP",
    "DATASETS",
    "DFA",
    "DRTP",
    "FA",
    "GEVB",
    "MODELS",
    "RULES",
    "SDFA",
    "Affine",
    "Augment",
    "AvgPool",
    "Batch",
    "BurstPropagation",
    "ContrastiveHebbian",
    "Conv",
    "DecoupledGreedy",
    "DeepFeedbackControl",
    "DeepFeedbackControlLearned",
    "Dense",
    "DifferenceTargetPropagation",
    "Dropout",
    "EquilibriumPropagation",
    "ForwardDFA",
    "ForwardForward",
    "ForwardGradient",
    "GlobalAvgPool",
    "KolenPollack",
    "LocalError",
    "MaxPool",
    "Mempepita",
    "Network",
    "Pepita",
    "PepitaHebbian",
    "PepitaHidden",
    "PepitaMirrored",
    "PepitaTimeLocal",
    "PredictiveCoding",
    "Result",
    "Rule",
    "Run",
    "Shallow",
    "SignSymmetry",
    "SignalRule",
    "SyntheticGradients",
    "TrainState",
    "UserError",
    "WeightMirror",
    "analysis",
    "attacks",
    "build_network",
    "build_optimizer",
    "build_rule",
    "chain",
    "conv",
    "frenkel_conv",
    "init_state",
    "lenet5",
    "load_dataset",
    "load_run",
    "mlp",
    "train",
    "train_step",
    "vgg5",
    "vgg8b",
]

"""Learning rules: pure functions `(params, F, batch) -> (pseudo_gradients, aux)`.

To write one, copy `skeleton.py`. It becomes a part of the package by an import here and a line in
`RULES`, and an import in `pepita_jax/__init__.py`. The tests of all rules, `--help` and the presets
then know it.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Any

from pepita_jax.errors import UserError, list_valid, require
from pepita_jax.networks.network import Network
from pepita_jax.options import check_options, field_options
from pepita_jax.rules.base import Rule, SignalRule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.burst_propagation import BurstPropagation
from pepita_jax.rules.checks import check_decorated, check_defaults, explain_decoration
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

RULES = {
    "pepita": Pepita,
    "pepita_hebbian": PepitaHebbian,
    "pepita_mirrored": PepitaMirrored,
    "pepita_hidden": PepitaHidden,
    "pepita_time_local": PepitaTimeLocal,
    "mempepita": Mempepita,
    "bp": BP,
    "fa": FA,
    "sign_symmetry": SignSymmetry,
    "kolen_pollack": KolenPollack,
    "weight_mirror": WeightMirror,
    "dfa": DFA,
    "sdfa": SDFA,
    "drtp": DRTP,
    "difference_target_propagation": DifferenceTargetPropagation,
    "deep_feedback_control": DeepFeedbackControl,
    "deep_feedback_control_learned": DeepFeedbackControlLearned,
    "synthetic_gradients": SyntheticGradients,
    "local_error": LocalError,
    "decoupled_greedy": DecoupledGreedy,
    "forward_gradient": ForwardGradient,
    "forward_dfa": ForwardDFA,
    "forward_forward": ForwardForward,
    "predictive_coding": PredictiveCoding,
    "contrastive_hebbian": ContrastiveHebbian,
    "gevb": GEVB,
    "equilibrium_propagation": EquilibriumPropagation,
    "burst_propagation": BurstPropagation,
    "shallow": Shallow,
}


def find_rule(name: str) -> type[Rule]:
    """The class of a rule.

    Args:
        name: a key of `RULES`, or the path `module.Class` of your own rule.

    Raises:
        UserError: there is no such rule.
        RuntimeError: the file of your own rule has a bug, which is the error's cause.
    """
    if not isinstance(name, str) or "." not in name:
        message = f"unknown rule {name!r}; valid: {list_valid(name, RULES)}"
        require(isinstance(name, str) and name in RULES, f"{message}, or module.Class")
        return RULES[name]
    path, _, class_name = name.rpartition(".")
    is_path = all(part.isidentifier() for part in name.split("."))
    require(is_path, f"rule {name!r} is neither one of this package nor a path module.Class")
    try:
        module = import_module(path)
    except ImportError as error:
        raise UserError(f"rule {name!r} cannot be imported: {error}") from error
    except UserError:
        raise
    except Exception as error:  # a bug in the file; absl would report some types as a wrong flag
        explain_decoration(name, error)
        raise RuntimeError(f"rule {name!r} cannot be imported: {error!r}") from error
    has = ", ".join(_rules_of(module)) or "no rule"
    message = f"rule {name!r}: {path} has no {class_name}; it has {has}"
    require(hasattr(module, class_name), message)
    found = getattr(module, class_name)
    is_rule = isinstance(found, type) and issubclass(found, Rule)
    require(is_rule, f"{name} is no learning rule: it must be a subclass of pepita_jax.Rule")
    is_base = found.pseudo_gradients is Rule.pseudo_gradients or found is SignalRule
    require(not is_base, f"{name} is a base of rules, which defines no pseudo_gradients")
    has_none = found.pseudo_gradients is SignalRule.pseudo_gradients and (
        found.signals is SignalRule.signals
    )
    require(not has_none, f"{name} defines no signals, see pj.SignalRule")
    check_decorated(found)
    check_defaults(found)
    return found


def _rules_of(module):
    """Names of the rules that a module defines itself."""
    is_rule = lambda x: isinstance(x, type) and issubclass(x, Rule)
    return [n for n, x in vars(module).items() if is_rule(x) and x.__module__ == module.__name__]


def rule_options(name: str) -> dict[str, Any]:
    """The options of a rule with their defaults, `{option: default}`."""
    return field_options(find_rule(name))


def check_moved(name: str, options: Collection[str]) -> None:
    """Raises a `UserError` that says where an option of an earlier version has gone."""
    find_rule(name).check_moved(options)


def build_rule(name: str, net: Network, **options: Any) -> Rule:
    """Builds a learning rule for a network by name, as `--config` does.

    >>> import pepita_jax as pj
    >>> net = pj.mlp((8, 8, 1), 10)
    >>> pj.build_rule("pepita", net, presynaptic="standard")
    Pepita(Network(8x8x1: dense 1024, dense 10; relu, softmax), presynaptic='standard')

    Args:
        name: a key of `RULES`, or the path `module.Class` of your own rule.
        net: the network, from `build_network`.
        **options: the rule's options, which the docstring of its class explains.

    Returns:
        A `Rule`.

    Raises:
        UserError: the name, an option or an option's value is not valid.
    """
    valid = rule_options(name)
    check_moved(name, options)
    check_options(f"rule {name!r}", options, valid)
    return find_rule(name)(net, **options)

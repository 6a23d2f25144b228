"""Learning rules: pure functions `(params, F, batch) -> (pseudo_gradients, aux)`.

To add one: write its file with a subclass of `Rule`, import it here, and add its line to `RULES`.
"""

from pepita_jax.errors import look_up
from pepita_jax.networks.network import require_network
from pepita_jax.options import check_field_values, check_options, field_options
from pepita_jax.rules.base import Rule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.dfa import DFA, SDFA
from pepita_jax.rules.drtp import DRTP
from pepita_jax.rules.fa import FA
from pepita_jax.rules.kolen_pollack import KolenPollack
from pepita_jax.rules.local_error import LocalError
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.shallow import Shallow
from pepita_jax.rules.sign_symmetry import SignSymmetry
from pepita_jax.rules.weight_mirror import WeightMirror

RULES = {
    "pepita": Pepita,
    "bp": BP,
    "fa": FA,
    "sign_symmetry": SignSymmetry,
    "kolen_pollack": KolenPollack,
    "weight_mirror": WeightMirror,
    "dfa": DFA,
    "sdfa": SDFA,
    "drtp": DRTP,
    "local_error": LocalError,
    "shallow": Shallow,
}


def rule_options(name):
    """The options of a rule with their defaults, `{option: default}`."""
    return field_options(look_up("rule", name, RULES))


def build_rule(name, net, **options) -> Rule:
    """Builds a learning rule for a network.

    Args:
        name: a key of `RULES`.
        net: the network, from `build_network`.
        **options: the rule's options; its class's docstring explains them.

    Raises:
        UserError: the name, an option or an option's value is not valid.
    """
    check_options(f"rule {name!r}", options, rule_options(name))
    check_field_values("rule", options, RULES[name])
    require_network(net)
    return RULES[name](net, **options)

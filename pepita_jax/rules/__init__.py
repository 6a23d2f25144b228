"""Learning rules: pure functions `(params, F, batch) -> (pseudo_gradients, aux)`.

To add one: write its file with a subclass of `Rule`, import it here, and add its line to `RULES`.
"""

from pepita_jax.errors import look_up
from pepita_jax.options import check_field_values, check_options, field_options
from pepita_jax.rules.base import Rule
from pepita_jax.rules.bp import BP
from pepita_jax.rules.pepita import Pepita
from pepita_jax.rules.shallow import Shallow

RULES = {
    "bp": BP,
    "pepita": Pepita,
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
    return RULES[name](net, **options)

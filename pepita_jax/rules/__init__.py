"""Learning rules: pure functions `(params, F, batch) -> (pseudo_gradients, aux)`.

To add one: write its file with a subclass of `Rule`, and add its line to `RULES`.
"""

from dataclasses import MISSING, fields
from typing import Literal, get_args, get_origin, get_type_hints

from pepita_jax.errors import check_options, look_up, require
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
    rule = look_up("rule", name, RULES)
    return {field.name: field.default for field in fields(rule) if field.default is not MISSING}


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
    for option, hint in get_type_hints(RULES[name]).items():
        if option in options and get_origin(hint) is Literal:
            valid = get_args(hint)
            listing = ", ".join(map(str, valid))
            message = f"rule.{option} = {options[option]!r} is not valid; valid: {listing}"
            require(options[option] in valid, message)
    return RULES[name](net, **options)

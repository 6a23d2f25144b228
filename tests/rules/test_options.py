"""What a rule refuses, by its name and by its class."""

import re
from functools import partial

import numpy as np
import pytest

from pepita_jax import RULES, UserError, build_rule
from pepita_jax.options import field_kinds
from tests.cases import VARIANTS, make_network


@pytest.mark.parametrize("name", RULES)
def test_an_unknown_option_is_refused_and_the_valid_ones_listed(name):
    with pytest.raises(UserError, match=f"rule '{name}' has no option 'nonsense'"):
        build_rule(name, make_network("conv"), nonsense=1)


def test_an_unknown_rule_is_refused_and_the_nearest_ones_listed():
    with pytest.raises(UserError) as refused:
        build_rule("pepto", make_network("conv"))
    named, more = re.fullmatch(
        r"unknown rule 'pepto'; valid: (.*) and (\d+) more, or module.Class", str(refused.value)
    ).groups()
    assert "pepita" in named.split(", ")
    assert set(named.split(", ")) < set(RULES)
    assert len(named.split(", ")) + int(more) == len(RULES)


def test_an_option_outside_its_values_is_refused():
    with pytest.raises(UserError, match=r"presynaptic = 'both' .* valid: modulated, standard"):
        build_rule("pepita", make_network("conv"), presynaptic="both")


@pytest.mark.parametrize("name", RULES)
def test_a_class_checks_as_the_string_does(name):
    net = make_network("conv")
    for option, kind in field_kinds(RULES[name]).items():
        for value in ["large", float("inf"), None] if kind is float else ["nonsense"]:
            for build in (partial(build_rule, name, net), partial(RULES[name], net)):
                if option != "net":
                    with pytest.raises(UserError, match=rf"rule\.{option}"):
                        build(**{option: value})
    with pytest.raises(UserError, match="net must be a network"):
        RULES[name]("mlp")


@pytest.mark.parametrize(
    ("name", "message"),
    [("os.path", "no learning rule"), ("nowhere.Rule", "cannot be imported: No module"),
     ("pepita_jax.rules.dfa.PB", r"pepita_jax\.rules\.dfa has no PB; it has DFA, SDFA$"),
     ("pepita_jax.rules.feedback.PB", r"feedback has no PB; it has no rule$"),
     (".Toy", "neither one of this package nor a path"), ("my-rules.Toy", "nor a path"),
     (None, "unknown rule None; valid"), ("pepita_jax.Rule", "a base of rules")],
)  # fmt: skip
def test_the_path_of_a_rule_must_lead_to_one(name, message):
    with pytest.raises(UserError, match=message):
        build_rule(name, make_network("conv"))


@pytest.mark.parametrize("scale", [float("nan"), "large", True, 1e39, -(10**400)])
def test_a_scale_that_is_no_number_is_refused(scale):
    with pytest.raises(UserError, match=r"rule\.feedback_scale must be a finite number"):
        build_rule("pepita", make_network("conv"), feedback_scale=scale)


@pytest.mark.parametrize(
    ("name", "option", "value", "bound"),
    [("burst_propagation", "burst_probability", 1.0, "below 1"),
     ("burst_propagation", "burst_probability", 1 - 1e-9, "below 1"),  # 1 as a float32
     ("equilibrium_propagation", "init_scale", 1e-300, "above 0"),
     ("equilibrium_propagation", "init_scale", 0.0, "above 0")],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused(name, option, value, bound):
    with pytest.raises(UserError, match=rf"rule\.{option} must be {bound}"):
        build_rule(name, make_network("mlp, sigmoid"), **{option: value})


def test_an_empty_interval_of_noise_is_refused():
    with pytest.raises(UserError, match=r"rule\.noise_low must be below 1"):
        build_rule(VARIANTS["pepita, noise"][0], make_network("conv"), noise_low=1.0)


@pytest.mark.parametrize(
    ("option", "where"),
    [({"update": "time_local"}, "rule pepita_hebbian now"),
     ({"feedback": "mirrored"}, "rule pepita_mirrored now"),
     ({"modulation": "noise"}, VARIANTS["pepita, noise"][0])],
)  # fmt: skip
def test_an_option_that_has_become_a_rule_is_refused_with_its_name(option, where):
    with pytest.raises(UserError, match=where):
        build_rule("pepita", make_network("conv"), **option)


def test_an_array_is_no_word():
    with pytest.raises(UserError, match=r"rule\.presynaptic = array.* is not valid; valid: "):
        build_rule("pepita", make_network("conv"), presynaptic=np.array([1.0, 2.0]))

"""Colours, markers and dashes of rules."""

import itertools

import matplotlib.colors
import numpy as np
import pytest

from pepita_jax.rules import RULES
from pepita_jax.styles import COLORS, RULE_ORDER, line_styles, rule_style

OWN = ("my_rules.Toy", "__main__.Mine", "other.Rule")

# What eyes without one kind of cone see, in linear light: Machado et al. (2009), severity 1.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "normal": np.eye(3),
}  # fmt: skip


def test_only_rules_have_a_place_and_29_at_least():
    assert set(RULE_ORDER) <= set(RULES)
    assert len(set(RULE_ORDER)) == len(RULE_ORDER) >= 29


def test_no_two_rules_look_alike():
    for names in (("color", "marker"), ("color", "ls")):  # with markers, and without them
        seen = {tuple(rule_style(rule)[name] for name in names) for rule in RULE_ORDER}
        assert len(seen) == len(RULE_ORDER)


def test_the_rules_of_most_plots_have_colours_and_markers_of_their_own():
    styles = [rule_style(rule) for rule in ("pepita", "bp", "fa", "drtp", "dfa", "shallow")]
    for name in ("color", "marker"):
        assert len({style[name] for style in styles}) == len(styles)


@pytest.mark.parametrize("eyes", BLIND)
def test_the_colours_can_be_told_apart_by_all_eyes(eyes):
    rgb = np.array([matplotlib.colors.to_rgb(color) for color in COLORS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(BLIND[eyes]), 0, 1)
    lab = to_lab(seen)
    for one, other in itertools.combinations(lab, 2):
        assert np.linalg.norm(one - other) > 10  # about 2 can just be seen side by side


def to_lab(linear):
    """CIE L*a*b* of linear sRGB, `[n, 3]`."""
    xyz = linear @ np.transpose(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = xyz / [0.9505, 1.0, 1.089]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def test_a_rule_of_one_s_own_has_the_same_style_always_and_none_of_a_known_rule():
    known = {tuple(rule_style(rule).values())[:2] for rule in RULE_ORDER}
    for own in OWN:
        assert rule_style(own) == rule_style(own)
        assert tuple(rule_style(own).values())[:2] not in known


def test_the_first_line_of_a_rule_has_its_style_whatever_else_is_drawn():
    rules = ["pepita", "pepita", "bp", "kolen_pollack", "pepita", "my_rules.Toy"]
    styles = line_styles(rules)
    for place in (0, 2, 3):
        assert styles[place] == rule_style(rules[place])
    assert styles[1]["color"] == styles[4]["color"] == rule_style("pepita")["color"]


MANY_OWN = [f"my_rules.Toy{i}" for i in range(40)]


def test_no_rule_of_one_s_own_is_black_as_bp_is():
    black = rule_style("bp")["color"]
    assert black not in {rule_style(own)["color"] for own in MANY_OWN}
    for rules in (MANY_OWN, ["my_rules.Toy"] * 20, ["pepita", *["my_rules.Toy"] * 10]):
        assert black not in {style["color"] for style in line_styles(rules)}


def test_rules_of_one_s_own_have_colours_of_their_own_while_there_are_free_ones():
    for i in range(len(MANY_OWN) - 6):
        rules = ["bp", *MANY_OWN[i : i + 6]]  # seven colours in all
        assert len({style["color"] for style in line_styles(rules)}) == 7
        rules = [*MANY_OWN[i : i + 2], "pepita", "dfa", "bp", "drtp"]
        styles = line_styles(rules)
        assert len({style["color"] for style in styles}) == 6
        assert styles[2:] == [rule_style(rule) for rule in rules[2:]]


def test_an_own_rule_alone_in_a_plot_has_its_style():
    assert line_styles(["my_rules.Toy"]) == [rule_style("my_rules.Toy")]


OFTEN = ["my_rules.Toy", *["my_rules.Toy", "bp"] * 2]


@pytest.mark.parametrize(
    "rules",
    [["pepita"] * 20, ["pepita", "bp", *["pepita"] * 8], [*RULES, *RULES], OFTEN,
     ["bp", *MANY_OWN[:9]]],
)  # fmt: skip
def test_lines_differ(rules):
    styles = line_styles(rules)
    assert len({(style["color"], style["marker"]) for style in styles}) == len(rules)

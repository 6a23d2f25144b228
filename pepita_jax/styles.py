"""The colour, the marker and the dashes that a rule has in every plot."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

# Okabe and Ito's palette for all kinds of colour vision; its yellow, pale on white, is left out.
COLORS = ("#D55E00", "#000000", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))

# A rule's place is the number of its style. The first seven have solid lines. A new rule goes to
# the end; without a place, its style follows from its name.
RULE_ORDER = (
    "pepita",
    "bp",
    "fa",
    "drtp",
    "dfa",
    "shallow",
    "weight_mirror",
    "pepita_hebbian",
    "sdfa",
    "kolen_pollack",
    "forward_gradient",
    "pepita_mirrored",
    "forward_forward",
    "sign_symmetry",
    "mempepita",
    "difference_target_propagation",
    "local_error",
    "deep_feedback_control",
    "pepita_hidden",
    "decoupled_greedy",
    "forward_dfa",
    "pepita_time_local",
    "deep_feedback_control_learned",
    "synthetic_gradients",
    "predictive_coding",
    "contrastive_hebbian",
    "gevb",
    "equilibrium_propagation",
    "burst_propagation",
)
NUM_STYLES = len(COLORS) * len(MARKERS)  # their numbers have no common divisor: all pairs differ
NUM_PLAIN = len(COLORS) * len(DASHES)  # of them differ without markers, too: RULE_ORDER's
OWN_NUMBERS = [  # for rules that are not in the package: never in bp's black
    n for n in range(NUM_PLAIN, NUM_STYLES) if n % len(COLORS) != RULE_ORDER.index("bp")
]


def number_style(number: int) -> dict[str, Any]:
    """The style of a line as matplotlib's options; no two of 63 have both colour and marker.

    The first 35 can be told apart without markers too, by colour and dashes.
    """
    return {
        "color": COLORS[number % len(COLORS)],
        "marker": MARKERS[number % len(MARKERS)],
        "ls": DASHES[number // len(COLORS) % len(DASHES)],
    }


def rule_style(name: str) -> dict[str, Any]:
    """A rule's style, the same in every plot; that of a rule of one's own follows from its name.

    In a plot with other rules, a rule of one's own may have another colour, see `line_styles`.
    """
    return number_style(_number_of(name))


def line_styles(rules: Sequence[str]) -> list[dict[str, Any]]:
    """A style for each line of a plot, no two of them alike.

    The first line of a rule has the rule's style. Further ones have its colour, with another marker
    and other dashes. Where all are of one rule, the colours differ too. A rule that is not in the
    package has a colour that no other rule of the plot has, while there is one.

    Args:
        rules: name of each line's rule.
    """
    number_of = _numbers_in_one_plot(rules)
    kept = set(number_of.values())
    taken: set[int] = set()
    numbers = []
    for rule in rules:
        number = number_of[rule]
        if number in taken:
            valid = range(NUM_STYLES) if rule in RULE_ORDER else OWN_NUMBERS
            free = set(valid) - taken - kept
            step = len(COLORS) if len(number_of) > 1 else 1
            others = ((number + step * i + i // len(MARKERS)) for i in range(NUM_STYLES))
            number = next((n % NUM_STYLES for n in others if n % NUM_STYLES in free), number)
        taken.add(number)
        numbers.append(number)
    return [number_style(number) for number in numbers]


def _numbers_in_one_plot(rules):
    numbers = {rule: _number_of(rule) for rule in rules if rule in RULE_ORDER}
    for rule in rules:
        if rule not in numbers:
            used = {number % len(COLORS) for number in numbers.values()}
            place = OWN_NUMBERS.index(_number_of(rule))
            others = OWN_NUMBERS[place:] + OWN_NUMBERS[:place]
            numbers[rule] = next((n for n in others if n % len(COLORS) not in used), others[0])
    return numbers


def _number_of(name):
    if name in RULE_ORDER:
        return RULE_ORDER.index(name)
    return OWN_NUMBERS[crc32(name.encode()) % len(OWN_NUMBERS)]

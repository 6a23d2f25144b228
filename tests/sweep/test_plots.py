"""What a sweep's plot shows where settings are bad or diverge."""

import numpy as np
import pytest

from pepita_jax.styles import rule_style
from pepita_jax.sweep.lines import why_no_plot
from pepita_jax.sweep.plots import draw_sweep, robust_limits
from pepita_jax.sweep.results import rank

RATES, SCALES = (0.01, 0.1, 1.0), (1, 2)


def draw(accuracies, scales=SCALES):
    """The panel of `{(rate, scale): accuracies of two seeds}`."""
    fields = ("rate", "scale")[: 1 + (scales is SCALES)]
    settings = [dict(zip(fields, at, strict=False)) for at in accuracies]
    rows = [
        {"setting": i, **settings[i], "seed_number": k, "epochs": 2, "validation_accuracy": value}
        for i, values in enumerate(accuracies.values())
        for k, value in enumerate(values)
    ]
    return draw_sweep(rank(rows, settings, "validation"), settings, "validation").axes[0]


def grid(bad):
    """Good accuracies but for the highest rate's."""
    good = {(r, s): [0.9 + r / 100 + s / 100] * 2 for r in RATES[:2] for s in SCALES}
    return good | {(RATES[2], s): bad for s in SCALES}


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


@pytest.mark.parametrize("bad", [[0.1, 0.1], [0.0, 0.3], [np.nan, np.nan]])
def test_bad_settings_leave_the_others_their_colours(bad):
    (image,) = draw(grid(bad)).images
    good = [v[0] for v in grid(bad).values()][:4]
    np.testing.assert_allclose(image.get_clim(), [100 * min(good), 100 * max(good)])


def test_every_cell_has_its_accuracy_or_says_that_it_has_diverged():
    accuracies = grid([np.nan, np.nan]) | {(0.01, 1): [0.8, np.nan]}
    assert sorted(texts(draw(accuracies))) == sorted(
        ["80.0\n1/2 diverged", "92.0", "91.1", "92.1", "diverged", "diverged"]
    )


@pytest.mark.parametrize("number", [0, 1, 5, 12])
def test_limits_are_those_of_the_good_settings_however_many_bad_ones_there_are(number):
    good = np.array([88.0, 89.5, 90.0, 91.0, 92.0])
    assert robust_limits(np.array([*good, *[10.0] * number, np.nan])) == (88.0, 92.0)


def test_settings_that_lie_close_together_are_all_counted():
    assert robust_limits(np.array([90.0, 90.0, 90.0, 86.0])) == (86.0, 90.0)
    assert robust_limits(np.array([50.0])) == (50.0, 50.0)


@pytest.mark.parametrize("bad", [[0.1, 0.1], [np.nan, np.nan]])
def test_a_bad_setting_leaves_the_curve_its_height_and_is_marked_at_the_edge(bad):
    axes = draw({(0.01,): [0.90, 0.92], (0.1,): [0.93, 0.91], (1.0,): bad}, scales=None)
    bottom, top = axes.get_ylim()
    assert 85 < bottom
    assert top < 97
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[0.01, 91], [0.1, 92]])
    assert texts(axes) == ["diverged" if np.isnan(bad[0]) else "10.0"]
    (mark,) = [line for line in axes.lines if line.get_marker() == "v"]
    assert mark.get_xydata().tolist() == [[1.0, bottom]]


def test_the_title_says_of_how_many_seeds_and_epochs():
    assert draw(grid([0.1, 0.1])).get_title() == "validation accuracy after 2 epochs, 2 seeds"


def draw_words(accuracies):
    """The panel of `{(rule, optimizer, rate): accuracy}`, one seed each."""
    fields = ("rule.name", "optimizer.name", "rate")
    settings = [dict(zip(fields, at, strict=True)) for at in accuracies]
    rows = [
        {"setting": i, "seed_number": 0, "epochs": 2, "validation_accuracy": value}
        for i, value in enumerate(accuracies.values())
    ]
    ranking = rank(rows, settings, "validation")
    assert why_no_plot(ranking, settings) == ""
    return draw_sweep(ranking, settings, "validation").axes[0]


PAIRS = [("bp", "sgd"), ("bp", "adam"), ("pepita", "sgd"), ("pepita", "adam")]


def test_beside_one_number_each_combination_of_words_has_a_line():
    good = {(*pair, r): 0.9 + i / 100 + r / 100 for i, pair in enumerate(PAIRS) for r in RATES}
    axes = draw_words(dict(reversed(good.items())))
    lines = {bars.get_label(): bars.lines[0] for bars in axes.containers}
    assert lines.keys() == {"bp, sgd", "bp, adam", "pepita, sgd", "pepita, adam"}
    for rule, optimizer in PAIRS:
        line = lines[f"{rule}, {optimizer}"]
        wanted = [[r, 100 * good[rule, optimizer, r]] for r in RATES]
        np.testing.assert_allclose(line.get_xydata(), wanted)
        assert line.get_color() == rule_style(rule)["color"]
    looks = {(line.get_color(), line.get_marker()) for line in lines.values()}
    assert len(looks) == 4
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(shown) == sorted(lines)
    assert axes.get_xlabel() == "rate"


def test_a_bad_setting_of_one_line_is_marked_in_its_colour_and_leaves_the_others_their_height():
    accuracies = {(*pair, r): 0.9 + r / 100 for pair in PAIRS for r in RATES}
    axes = draw_words(accuracies | {("bp", "adam", 1.0): 0.1, ("pepita", "sgd", 1.0): np.nan})
    bottom, top = axes.get_ylim()
    assert 85 < bottom < top < 97
    marks = {line.get_color(): line for line in axes.lines if line.get_clip_on() is False}
    assert marks.keys() == {rule_style("bp")["color"], rule_style("pepita")["color"]}
    for mark in marks.values():
        assert mark.get_xydata().tolist() == [[1.0, bottom]]
    assert [len(bars.lines[0].get_xdata()) for bars in axes.containers] == [3, 2, 2, 3]
    assert "lower, or all diverged" in [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ([{"name": "a"}, {"name": "b"}], "name: not a number in every setting"),
        ([{"n": True}, {"n": False}], "n: not a number in every setting"),
        ([{"a": 1, "n": "b"}, {"n": "c"}], "a, n: not a number in every setting"),
        ([{"a": 1, "b": 2, "n": "x"}, {"a": 2, "b": 3, "n": "y"}], "swept are a, b, n"),
        ([{"a": i, "b": i, "c": i} for i in range(2)], "swept are a, b, c"),
        ([{"a": i, "n": f"{i}"} for i in range(36)], "36 lines would be too many"),
        ([{"a": 1}], "there is one setting"),
    ],
)
def test_where_there_is_no_plot_the_reason_is_told(settings, reason):
    ranking = [{"setting": i, "mean": 0.5} for i in range(len(settings))]
    assert reason in why_no_plot(ranking, settings)
    assert why_no_plot([{**row, "mean": None} for row in ranking], settings) == "no seed is left"

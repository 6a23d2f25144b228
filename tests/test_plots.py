"""Plots."""

import numpy as np
import pytest

from pepita_jax.plots import draw_alignment, draw_learning_curves, label_layers, save_figure
from pepita_jax.styles import rule_style


def test_a_plot_is_written_for_one_epoch_and_one_seed_too(tmp_path):
    for shape in ((1, 1), (3, 5)):
        values = np.random.default_rng(0).random(shape)
        values[-1, 1:] = np.nan  # diverged, if it is not alone
        path = tmp_path / f"{shape}.svg"
        history = {"test_accuracy": values, "train_accuracy": values}
        save_figure(draw_learning_curves({"bp": history}), path)
        assert path.read_text().count("<path") > 10


def test_alignment_is_drawn_with_and_without_feedback_and_for_frozen_layers(tmp_path):
    angles = 180 * np.random.default_rng(0).random((3, 4, 2))
    frozen = np.where([True, False], np.nan, angles)
    for gradient, F in ((angles, angles), (angles, angles[..., :0]), (frozen, angles[..., :1])):
        path = tmp_path / "alignment.svg"
        fields = {"gradient_angle": gradient, "feedback_angle": F, "weight_norm": angles}
        save_figure(draw_alignment(fields), path)
        assert path.read_text().count("<path") > 10


def test_a_rule_of_a_notebook_is_in_the_legend():
    history = {"test_accuracy": np.ones((2, 3)), "train_accuracy": np.ones((2, 3))}
    figure = draw_learning_curves({"__main__.Mine": history, "_own.Mine": history}, training=False)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["Mine", "own.Mine"]


def history_of(values):
    return {"test_accuracy": np.array(values), "train_accuracy": np.array(values)}


def test_curves_are_the_means_in_the_rule_s_style_and_the_axis_says_of_how_many_seeds():
    histories = {"bp": history_of([[0.5, 0.7], [0.7, 0.8]]), "fa": history_of([[0.1, 0.2]] * 2)}
    figure = draw_learning_curves(histories, training=False, title="mlp on digits")
    (axes,) = figure.axes
    drawn = {line.get_label(): line for line in axes.lines}
    for rule, history in histories.items():
        np.testing.assert_allclose(drawn[rule].get_xdata(), [1, 2])
        np.testing.assert_allclose(drawn[rule].get_ydata(), 100 * history["test_accuracy"].mean(0))
        style = rule_style(rule)
        assert (drawn[rule].get_color(), drawn[rule].get_marker()) == (
            style["color"], style["marker"]
        )  # fmt: skip
    assert axes.get_title() == "mlp on digits"
    assert axes.get_ylabel() == "test accuracy (%)\nmean ± std over 2 seeds"


def test_of_runs_of_different_numbers_of_seeds_each_says_its_own():
    lost = history_of([[0.5, 0.7], [0.7, np.nan]])
    figure = draw_learning_curves({"bp": lost, "fa": history_of([[0.5, 0.6]])}, training=False)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["bp (1 of 2 seeds)", "fa (1 seed)"]


@pytest.mark.parametrize("num_epochs", [1, 2, 3])
def test_few_epochs_have_markers_bars_and_whole_numbers_on_the_axis(num_epochs):
    accuracy = np.random.default_rng(0).random((4, num_epochs))
    figure = draw_learning_curves({"bp": history_of(accuracy)}, training=False)
    (axes,), (bars,) = figure.axes, figure.axes[0].collections
    mean, std = 100 * accuracy.mean(0), 100 * accuracy.std(0, ddof=1)
    ends = np.array(bars.get_segments())[..., 1]
    np.testing.assert_allclose(ends, np.stack([mean - std, mean + std], 1))
    figure.canvas.draw()
    low, high = axes.get_xlim()
    ticks = [x for x in axes.get_xticks() if low <= x <= high]
    assert ticks == [1, 2, 3][:num_epochs]
    bottom, top = axes.get_ylim()
    assert bottom < ends.min()
    assert ends.max() < top
    assert axes.lines[0].get_marker() == rule_style("bp")["marker"]


def test_bars_of_several_rules_stand_beside_each_other():
    figure = draw_learning_curves(dict.fromkeys(("bp", "fa"), history_of([[0.5]] * 2)), False)
    lines = [line for line in figure.axes[0].lines if line.get_label() in ("bp", "fa")]
    figure.canvas.draw()
    one, other = (line.get_transform().transform(line.get_xydata())[0] for line in lines)
    assert other[0] - one[0] > 5  # pixels
    assert other[1] == one[1]


def test_every_layer_has_a_line_of_its_own_width_and_a_name_in_words():
    angles = np.full((2, 4, 3), 45.0)
    fields = {"gradient_angle": angles, "feedback_angle": angles[..., :2], "weight_norm": angles}
    figure = draw_alignment(fields, "fa, mlp on digits")
    assert figure.get_suptitle() == "fa, mlp on digits, mean ± std over 2 seeds"
    gradient, feedback, norm = figure.axes
    labels = [text.get_text() for text in feedback.get_legend().get_texts()]
    assert labels == ["feedback to layer 1", "feedback to layer 2"]
    for axes in (gradient, norm):
        lines = [line for line in axes.lines if line.get_label().startswith("layer")]
        assert [line.get_label() for line in lines] == ["layer 1", "layer 2", "layer 3"]
        widths = [line.get_linewidth() for line in lines]
        assert widths == sorted(set(widths), reverse=True)  # the last lies on top
        assert len({line.get_marker() for line in lines}) == 3


@pytest.mark.parametrize(
    ("number", "first"),
    [
        (3, "feedback of layer 1"),
        (2, "feedback to layer 1"),
        (4, "feedback, array 1"),
        (1, "feedback"),
    ],
)
def test_arrays_of_feedback_are_named_by_what_they_can_only_be(number, first):
    labels = label_layers(number, num_layers=3)
    assert labels[0] == first
    assert len(set(labels)) == number


def test_a_layer_without_an_update_is_in_the_legend():
    angles = np.full((2, 3, 2), 45.0)
    fields = {"gradient_angle": np.where([True, False], np.nan, angles), "weight_norm": angles}
    panel = draw_alignment(fields).axes[0]
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels == ["layer 1: no update", "layer 2"]


def test_a_norm_that_grows_a_hundredfold_does_not_hide_the_others():
    norms = np.ones((2, 3, 2)) * [[1, 1], [1.1, 10], [1.2, 100]]
    fields = {"gradient_angle": norms, "weight_norm": norms}
    axes = draw_alignment(fields).axes[-1]
    assert axes.get_yscale() == "log"
    assert (
        draw_alignment(fields | {"weight_norm": norms[:, :2, :1]}).axes[-1].get_yscale() == "linear"
    )


def test_the_labels_of_a_figure_lie_inside_it():
    angles = 90 * np.random.default_rng(0).random((3, 4, 5))
    fields = {"gradient_angle": angles, "feedback_angle": angles[..., 1:], "weight_norm": angles}
    figure = draw_alignment(fields | {"gauss_newton_angle": angles}, "a rule of a long name " * 3)
    figure.canvas.draw()
    shown = [figure.get_tightbbox(figure.canvas.get_renderer())]
    assert all(0 <= box.x0 and box.x1 <= figure.get_figwidth() for box in shown)
    assert all(0 <= box.y0 and box.y1 <= figure.get_figheight() for box in shown)


def test_angles_to_gauss_newton_are_drawn_where_they_were_measured():
    angles = 180 * np.random.default_rng(0).random((3, 4, 2))
    fields = {"gradient_angle": angles, "feedback_angle": angles[..., :0], "weight_norm": angles}
    label = "update and Gauss-Newton"
    labels = lambda figure: [axes.get_title() for axes in figure.axes]
    assert label not in labels(draw_alignment(fields))
    figure = draw_alignment(fields | {"gauss_newton_angle": angles / 2})
    (panel,) = [axes for axes in figure.axes if axes.get_title() == label]
    drawn = [line for line in panel.lines if line.get_label().startswith("layer")]
    for i, line in enumerate(drawn):
        np.testing.assert_allclose(line.get_ydata(), angles[..., i].mean(0) / 2)
    assert len(drawn) == 2


@pytest.mark.filterwarnings("error")
def test_the_norm_of_weights_that_begin_at_zero_is_left_out():
    norms = np.array([[[2.0, 0.0], [3.0, 1.0]], [[4.0, 0.0], [4.0, 1.0]]])
    fields = {"gradient_angle": norms, "feedback_angle": norms[..., :0], "weight_norm": norms}
    (line,) = [
        line for line in draw_alignment(fields).axes[-1].lines if line.get_label() == "layer 1"
    ]
    np.testing.assert_allclose(line.get_ydata(), [1, (1.5 + 1) / 2])


def test_a_figure_is_the_same_file_every_time(tmp_path):
    history = {"test_accuracy": np.ones((2, 3)), "train_accuracy": np.ones((2, 3))}
    for name in ("one.svg", "two.svg", "one.png", "two.png"):
        save_figure(draw_learning_curves({"bp": history}), tmp_path / name)
    for ending in ("svg", "png"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two


def test_a_long_title_lies_inside_its_figure():
    net = ", ".join(["dense 1024, dropout 0.1"] * 6)
    accuracy = np.full((2, 5), 0.5)
    history = {"test_accuracy": accuracy, "train_accuracy": accuracy}
    alignment = {"weight_norm": np.ones((2, 5, 2)), "gradient_angle": np.ones((2, 5, 2))}
    for figure in (
        draw_learning_curves({"bp": history}, title=f"{net}\non digits"),
        draw_alignment(alignment, title=net),
    ):
        figure.canvas.draw()
        box = figure.get_tightbbox(figure.canvas.get_renderer())
        assert 0 <= box.x0 < box.x1 <= figure.get_figwidth()
        assert 0 <= box.y0 < box.y1 <= figure.get_figheight()
    title = draw_learning_curves({"bp": history}, title="one\ntwo").axes[0].get_title()
    assert title == "one\ntwo"

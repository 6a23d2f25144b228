"""Plots."""

import numpy as np
import pytest

from pepita_jax.plots import draw_alignment, draw_learning_curves, save_figure


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
    assert labels == ["Mine, test (2 seeds)", "own.Mine, test (2 seeds)"]


def test_angles_to_gauss_newton_are_drawn_where_they_were_measured():
    angles = 180 * np.random.default_rng(0).random((3, 4, 2))
    fields = {"gradient_angle": angles, "feedback_angle": angles[..., :0], "weight_norm": angles}
    label = "angle to Gauss-Newton (degrees)"
    labels = lambda figure: [axes.get_ylabel() for axes in figure.axes]
    assert label not in labels(draw_alignment(fields))
    figure = draw_alignment(fields | {"gauss_newton_angle": angles / 2})
    (panel,) = [axes for axes in figure.axes if axes.get_ylabel() == label]
    drawn = [line for line in panel.lines if line.get_label().startswith("layer")]
    for i, line in enumerate(drawn):
        np.testing.assert_allclose(line.get_ydata(), angles[..., i].mean(0) / 2)
    assert len(drawn) == 2


@pytest.mark.filterwarnings("error")
def test_the_norm_of_weights_that_begin_at_zero_is_left_out():
    norms = np.array([[[2.0, 0.0], [3.0, 1.0]], [[4.0, 0.0], [4.0, 1.0]]])
    fields = {"gradient_angle": norms, "feedback_angle": norms[..., :0], "weight_norm": norms}
    (line,) = draw_alignment(fields).axes[-1].lines
    np.testing.assert_allclose(line.get_ydata(), [1, (1.5 + 1) / 2])


def test_a_figure_is_the_same_file_every_time(tmp_path):
    history = {"test_accuracy": np.ones((2, 3)), "train_accuracy": np.ones((2, 3))}
    for name in ("one.svg", "two.svg", "one.png", "two.png"):
        save_figure(draw_learning_curves({"bp": history}), tmp_path / name)
    for ending in ("svg", "png"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two

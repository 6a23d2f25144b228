"""Plots."""

import numpy as np

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


def test_a_figure_is_the_same_file_every_time(tmp_path):
    history = {"test_accuracy": np.ones((2, 3)), "train_accuracy": np.ones((2, 3))}
    for name in ("one.svg", "two.svg", "one.png", "two.png"):
        save_figure(draw_learning_curves({"bp": history}), tmp_path / name)
    for ending in ("svg", "png"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two

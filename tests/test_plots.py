"""Plots."""

import numpy as np

from pepita_jax.plots import plot_learning_curves


def test_a_plot_is_written_for_one_epoch_and_one_seed_too(tmp_path):
    for shape in ((1, 1), (3, 5)):
        values = np.random.default_rng(0).random(shape)
        path = tmp_path / f"{shape}.svg"
        plot_learning_curves({"bp": {"test_accuracy": values, "train_accuracy": values}}, path)
        assert path.read_text().count("<path") > 10

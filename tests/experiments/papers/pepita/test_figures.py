"""Figures of planted results: what is drawn where."""

import numpy as np
import pytest

from experiments.papers.pepita import dynamics, speed, weights
from experiments.papers.pepita.fits import Plateau
from experiments.papers.pepita.runs import HE_NORMAL, LINEAR, NOISE, PEPITA, of_table_1
from experiments.papers.results import Results
from tests.experiments.papers.planted import plant, rows_of

ALIGNMENT = {
    "feedback_angle": [[90.0], [100.0], [125.0]],
    "feedback_product": [[0.0], [-1.0], [-2.0]],
    "weight_norm": [[10.0, 1.0], [11.0, 2.0], [13.0, 3.0]],
}  # [1 + epochs, arrays]


def lines_of(axes):
    """`{label: values}`."""
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_figure_3_begins_before_training_with_the_first_layer_s_norm(tmp_path):
    plant(tmp_path, PEPITA, [[0.5, 0.75]], alignment=ALIGNMENT)
    shown = dynamics.figure_3(Results(tmp_path).read)
    assert rows_of(shown.table) == [
        ["0", "-", "90.0", "10.000"],
        ["1", "50.00", "100.0", "11.000"],
        ["2", "75.00", "125.0", "13.000"],
    ]
    accuracy, angle, norm = (axes.lines[0] for axes in shown.figure.axes)
    np.testing.assert_array_equal(accuracy.get_xydata(), [[1, 50], [2, 75]])
    np.testing.assert_array_equal(angle.get_xydata(), [[0, 90], [1, 100], [2, 125]])
    np.testing.assert_array_equal(norm.get_ydata(), [10, 11, 13])
    assert lines_of(shown.figure.axes[1])["the paper, about"][0] == 120


def test_appendix_e_has_the_trace_with_its_sign(tmp_path):
    plant(tmp_path, LINEAR[0], [[0.5, 0.75]], alignment=ALIGNMENT)
    shown = dynamics.anti_alignment(Results(tmp_path).read)
    first, *_, last = rows_of(shown.table)
    assert first == ["0", "0.0000", "90.0", "10.0000"]
    assert last == ["2", "-2.0000", "125.0", "13.0000"]
    assert len(shown.figure.axes[1].lines) == 1  # the paper gives no angle


def test_figure_4_tells_before_from_after(tmp_path):
    embedding = {"labels": [3, 7], "before": [[0, 1], [2, 3]], "after": [[4, 5], [6, 7]]}
    plant(tmp_path, PEPITA, [[0.5]], embedding=embedding)
    panels = weights.figure_4(Results(tmp_path).read).figure.axes
    for axes, name in zip(panels, ("before", "after"), strict=True):
        assert axes.get_title().startswith(f"{name} training")
        points = {c.get_label(): c.get_offsets().tolist() for c in axes.collections}
        assert points == {"3": [embedding[name][0]], "7": [embedding[name][1]]}


@pytest.mark.parametrize(("low", "number"), [(0, 0), (-1, 1)])
def test_figure_5_has_a_panel_for_each_reading_and_pepita_in_both(low, number, tmp_path):
    plant(tmp_path, of_table_1("pepita", "mlp", "cifar10"), [[0.5, 0.6]])
    plant(tmp_path, NOISE[low, 0.1], [[0.3, 0.4]])
    panels = dynamics.figure_5(Results(tmp_path).read).figure.axes
    with_noise, without = panels[number], panels[1 - number]
    assert with_noise.get_title() == f"r uniform in [{low}, 1)"
    noise, pepita = "noise, k = 0.1 (1 seed, 2 epochs)", "PEPITA (1 seed, 2 epochs)"
    assert lines_of(with_noise).keys() == {noise, pepita}
    np.testing.assert_allclose(lines_of(with_noise)[noise], [30, 40])
    assert lines_of(without).keys() == {pepita}


def test_figure_5_s_legend_lies_inside_the_figure(tmp_path):
    for size, run in enumerate((of_table_1("pepita", "mlp", "cifar10"), *NOISE.values()), 1):
        plant(tmp_path, run, [[0.5, 0.6], [0.1, None]] * size)  # each has a long name
    figure = dynamics.figure_5(Results(tmp_path).read).figure
    figure.canvas.draw()
    (legend,) = figure.legends
    left, right = legend.get_window_extent().intervalx
    assert len(legend.get_texts()) == 1 + len(NOISE)
    assert left >= figure.bbox.x0
    assert right <= figure.bbox.x1


def test_figure_6_has_a_panel_for_each_layer(tmp_path):
    first = {"low": -1.0, "high": 1.0, "counts": [1, 3]}
    output = {"low": -2.0, "high": 2.0, "counts": [3, 1]}
    plant(tmp_path, HE_NORMAL["bp", 0.0], [[0.5]], histograms=[first, output])
    panels = weights.figure_6(Results(tmp_path).read).figure.axes
    drawn = {axes.get_title(): axes.patches[0].get_data() for axes in panels}
    np.testing.assert_allclose(drawn["first hidden layer"].values, [0.25, 0.75])
    np.testing.assert_allclose(drawn["output layer"].values, [0.375, 0.125])
    np.testing.assert_allclose(drawn["output layer"].edges, [-2, 0, 2])


def test_figure_8_draws_the_fitted_equation_and_chance(tmp_path):
    curve = Plateau(0.5, 0.75)(np.arange(1, 21))
    plant(tmp_path, of_table_1("bp", "mlp", "cifar10"), [curve, curve])
    (axes,) = speed.figure_8(Results(tmp_path).read).figure.axes
    lines = lines_of(axes)
    np.testing.assert_allclose(lines["test"], [10, *100 * curve])
    fitted = lines["plateau fitted too, slowness 0.750"]
    assert (fitted[0], fitted[-1]) == (0, pytest.approx(100 * curve[-1]))

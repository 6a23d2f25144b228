"""The speed of learning, by the plateau equation: Table 3, Fig. 7 and Fig. 8."""

import numpy as np

from experiments.papers.pepita import published as paper
from experiments.papers.pepita.fits import FIT_EPOCHS, fit_plateau, fit_slowness
from experiments.papers.pepita.runs import MLP_ON_CIFAR_10, TABLE_3
from experiments.papers.show import (
    Shown,
    describe_size,
    describe_spread,
    label,
    plot_test_curve,
    results_of,
    rule_of,
    words_of,
)
from pepita_jax.data import DATASETS
from pepita_jax.figures import make_figure
from pepita_jax.styles import rule_style
from pepita_jax.tables import markdown_table

MEASURED = {"color": "grey", "ms": 3, "lw": 1}
FEWEST = 3  # epochs; two parameters are fitted to them
HEADINGS = (
    "data", "rule", "paper", "slowness", "seed by seed", "plateau fitted too", "seed by seed",
    "plateau %", "seeds", "epochs",
)  # fmt: skip


def table_3(find):
    """Slowness of fully connected networks (Table 3), by two fits.

    One is the released notebook's. The other also fits the plateau.
    """
    rows = [HEADINGS]
    for result, curves in fitted_curves(TABLE_3, find):
        rule, data = rule_of(result), result.config["dataset"]
        cells = [data, label(rule), str(paper.TABLE_3.get((rule, data), "-"))]
        for fit in (of_notebook, fit_plateau):
            each = [fit(curve).slowness for curve in curves]
            cells += [f"{fit(curves.mean(0)).slowness:.3f}", describe_spread(each, 3)]
        top = f"{100 * fit_plateau(curves.mean(0)).accuracy:.2f}"
        rows.append((*cells, top, *map(str, curves.shape)))
    return Shown(markdown_table(rows))


def of_notebook(curve):
    """The released notebook's fit; the first of its 60 points is chance at epoch 0."""
    return fit_slowness(curve[: FIT_EPOCHS - 1])


def figure_7(find):
    """Test curves on CIFAR-10 (Fig. 7)."""
    figure, (axes,) = make_figure(1)
    for result in results_of(MLP_ON_CIFAR_10, find):
        rule, model, data = words_of(result)
        plot_test_curve(axes, result, label(rule))
        axes.set_title(f"{model} on {data}")
    axes.legend()
    return Shown(figure=figure)


def figure_8(find):
    """The plateau equation beside the curves it is fitted to (Fig. 8)."""
    fitted = fitted_curves(MLP_ON_CIFAR_10, find)
    if not fitted:
        return Shown()
    figure, panels = make_figure(len(fitted), columns=2)
    for axes, (result, curves) in zip(panels, fitted, strict=True):
        curve, chance = curves.mean(0), 1 / DATASETS[result.config["dataset"]].num_classes
        rule, epoch = rule_of(result), np.linspace(0, len(curve), 500)
        color = rule_style(rule)["color"]
        axes.plot(range(len(curve) + 1), 100 * np.r_[chance, curve], ".-", **MEASURED, label="test")
        fits = ("", of_notebook(curve), "--"), ("plateau fitted too, ", fit_plateau(curve), ":")
        for what, fit, style in fits:
            name = f"{what}slowness {fit.slowness:.3f}"
            axes.plot(epoch, 100 * fit(epoch), color=color, ls=style, label=name)
        axes.set_title(f"{label(rule)} on {words_of(result)[2]} ({describe_size(result)})")
        axes.set_ylabel("test accuracy (%)")
        axes.legend()
    return Shown(figure=figure)


def fitted_curves(runs, find):
    """The curves that the equation can be fitted to.

    Returns:
        A list of `(Result, test curves before the learning rate drops)`, the curves
        `[S, epochs]` without seeds that diverged.
    """
    found = []
    for result in results_of(runs, find):
        drop = min(result.config["schedule"]["epochs"], default=FIT_EPOCHS)
        curves = result.history("metrics")["test_accuracy"][:, : min(FIT_EPOCHS, drop)]
        curves = curves[np.isfinite(curves).all(1)]
        if len(curves) and curves.shape[1] >= FEWEST:
            found.append((result, curves))
    return found

"""What happens during training: Fig. 3, 5 and 9, and Appendix E."""

import numpy as np

from experiments.papers.pepita import published as paper
from experiments.papers.pepita.runs import LINEAR, LONG, NOISE, PEPITA, WITHOUT_NOISE
from experiments.papers.show import (
    Shown,
    describe_accuracy,
    describe_seeds,
    describe_size,
    describe_spread,
    label,
    plot_test_curve,
    results_of,
    rule_of,
)
from pepita_jax.figures import make_figure, plot_band, put_legend_below
from pepita_jax.styles import number_style, rule_style
from pepita_jax.tables import markdown_table

NOISE_STYLES = {0.01: number_style(32), 0.1: number_style(34), 1.0: number_style(31)}  # no rule's
HEADINGS = (
    "input of the second pass", "r", "k", "test %", "seeds", "epochs",
    "PEPITA after as many", "F = 0 after as many", "paper %",
)  # fmt: skip
MILESTONES = (0, 0.01, 0.1, 0.25, 0.5, 0.75, 1)


def figure_3(find):
    """Accuracy, anti-alignment and the first layer's norm on MNIST (Fig. 3)."""
    return _draw([find(PEPITA)], _figure_3, paper.ANGLE)


def figure_9(find):
    """The same as Fig. 3, for ten times as many epochs (Fig. 9)."""
    return _draw([find(LONG)], _figure_3, paper.ANGLE)


def anti_alignment(find):
    """A linear network on whitened input (App. E, whose W is our W_2, and whose A is our W_1)."""
    return _draw(results_of(LINEAR, find), _appendix_e)


def _figure_3(result):
    """`{name: (values [S, epochs or 1 + epochs], decimals)}`."""
    return {
        "test accuracy (%)": (100 * result.history("metrics")["test_accuracy"], 2),
        "angle of F to the weights (degrees)": (_angle(result), 1),
        "norm of W_1": (_first_norm(result), 3),
    }


def _appendix_e(result):
    product = result.history("alignment")["feedback_product"][..., 0]
    return {
        "tr(FWA)": (product, 4),
        "angle of F to WA (degrees)": (_angle(result), 1),
        "norm of A": (_first_norm(result), 4),
    }


def _angle(result):
    return result.history("alignment")["feedback_angle"][..., 0]


def _first_norm(result):
    return result.history("alignment")["weight_norm"][..., 0]


def _draw(results, figures_of, angle=None):
    """A row of panels and a table for each result; `angle` is the paper's for MNIST."""
    figure, panels = make_figure(3 * len(results), columns=3)
    tables = []
    for result, row in zip(results, panels.reshape(-1, 3), strict=True):
        shown = figures_of(result)
        title = f"{result.run.replace('_', ' ')} ({describe_size(result)})"
        for axes, (name, (values, _)) in zip(row, shown.items(), strict=True):
            epoch = np.arange(result.epochs + 1)[-values.shape[1] :]
            plot_band(axes, epoch, values, None, **rule_style("pepita"))
            axes.set_ylabel(name)
            axes.set_xlim(left=0)
        if angle and result.config["dataset"] == "mnist":
            row[1].axhline(angle, color="gray", ls=":", label="the paper, about")
            row[1].legend()
        row[1].set_title(f"{title}, mean ± std")
        rows = [("epoch", *shown)]
        for epoch in sorted({round(part * result.epochs) for part in MILESTONES}):
            rows.append((str(epoch), *(_at(epoch, result, *column) for column in shown.values())))
        tables.append(f"{title}\n\n{markdown_table(rows)}")
    return Shown("\n\n".join(tables), figure)


def _at(epoch, result, values, decimals):
    """A cell of the table; "-" at epoch 0 for figures that are not measured before training."""
    place = epoch - (result.epochs + 1 - values.shape[1])
    return "-" if place < 0 else describe_spread(values[:, place], decimals)


def figure_5(find):
    """PEPITA, F = 0, and PEPITA with noise F r k, r in [0, 1) or [-1, 1) (Fig. 5)."""
    figure, panels = make_figure(2)
    panels[1].sharey(panels[0])
    for axes, low in zip(panels, (0, -1), strict=True):
        axes.set_title(f"r uniform in [{low}, 1)")
    usual = {rule_of(result): result for result in results_of(WITHOUT_NOISE, find)}
    rows = [HEADINGS]
    for rule, result in usual.items():
        of_paper = str(paper.FIGURE_5[rule]) if result.config["dataset"] == "cifar10" else "-"
        rows.append((label(rule), "-", "-", *_last(result), "-", "-", of_paper))
        for axes in panels:
            plot_test_curve(axes, result, label(rule))
    for (low, scale), result in ((key, find(run)) for key, run in NOISE.items()):
        if result:
            axes, style = panels[0 if low == 0 else 1], NOISE_STYLES[scale]
            plot_test_curve(axes, result, f"noise, k = {scale}", **style)
            then = [_after(result.epochs, usual.get(rule)) for rule in paper.FIGURE_5]
            rows.append(("noise", f"[{low}, 1)", str(scale), *_last(result), *then, "-"))
    put_legend_below(figure, panels)
    return Shown(markdown_table(rows), figure)


def _after(epoch, result):
    return describe_accuracy(result.test_accuracy_after(epoch)) if result else "-"


def _last(result):
    return describe_accuracy(result.test_accuracy), describe_seeds(result), str(result.epochs)

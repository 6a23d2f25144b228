"""Test accuracy of LeNet-5 on MNIST."""

import numpy as np

from experiments.papers.biotorch.published import ACCURACY
from experiments.papers.biotorch.runs import ON_MNIST, RULES
from experiments.papers.comparison import compare
from experiments.papers.show import (
    Shown,
    describe_accuracy,
    describe_seeds,
    plot_test_curve,
)
from pepita_jax.figures import make_figure, put_legend_below
from pepita_jax.styles import line_styles
from pepita_jax.tables import markdown_table

HEADINGS = (
    "rule", "learning rate", "seeds", "epochs", "best test %", "program %", "difference", "agrees",
    "last test %",
)  # fmt: skip


def table_and_curves(find):
    """Each seed's best epoch on the test set beside the program's, and the last epoch."""
    rows = [HEADINGS]
    figure, (axes,) = make_figure(1)
    styles = line_styles(RULES.values())
    for (name, run), style in zip(ON_MNIST.items(), styles, strict=True):
        if result := find(run):
            accuracy = result.history("metrics")["test_accuracy"]
            best = accuracy.max(1)[np.isfinite(accuracy[:, -1])]
            is_theirs = result.config["dataset"] == "mnist" and result.epochs == run.epochs
            beside = compare(best, ACCURACY[name]) if is_theirs else ("-",) * 3
            size = describe_seeds(result), str(result.epochs)
            last = describe_accuracy(result.test_accuracy)
            settings = (name, f"{result.config['optimizer']['learning_rate']:g}", *size)
            rows.append((*settings, describe_accuracy(best), *beside, last))
            plot_test_curve(axes, result, name, **style)
    put_legend_below(figure, [axes])
    return Shown(markdown_table(rows), figure)

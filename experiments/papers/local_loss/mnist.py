"""Test accuracy of the fully connected network on MNIST."""

from experiments.papers.comparison import HEADINGS, accuracy_cells
from experiments.papers.local_loss.published import ACCURACY
from experiments.papers.local_loss.runs import ON_MNIST
from experiments.papers.show import Shown, plot_test_curve
from pepita_jax.figures import make_figure
from pepita_jax.styles import rule_style
from pepita_jax.tables import markdown_table

NAMES = {"bp": "BP", "prediction_loss": "prediction loss"}
STYLES = {"bp": rule_style("bp"), "prediction_loss": rule_style("decoupled_greedy")}


def table_and_curves(find):
    """Both rules after the last epoch, beside the program's figures."""
    rows = [("rule", *HEADINGS[:-1], "agrees")]
    figure, (axes,) = make_figure(1)
    for rule, run in ON_MNIST.items():
        if result := find(run):
            theirs = ACCURACY[rule] if result.config["dataset"] == "mnist" else None
            rows.append((NAMES[rule], *accuracy_cells(result, theirs)))
            plot_test_curve(axes, result, NAMES[rule], **STYLES[rule])
    axes.legend()
    return Shown(markdown_table(rows), figure)

"""Test accuracy of FC1-500 on MNIST."""

from experiments.papers.comparison import compare
from experiments.papers.drtp.published import AFTER_TEN, TEN
from experiments.papers.drtp.runs import FC1
from experiments.papers.show import (
    Shown,
    describe_accuracy,
    describe_seeds,
    label,
    plot_test_curve,
)
from pepita_jax.figures import make_figure
from pepita_jax.tables import markdown_table

HEADINGS = (
    "rule", "seeds", f"test % after {TEN} epochs", "program %", "difference", "agrees",
    "test % at the end", "epochs",
)  # fmt: skip


def table_and_curves(find):
    """All six rules after ten epochs, beside the program's figures, and after the last epoch."""
    rows, figure = [HEADINGS], None
    found = {rule: find(run) for rule, run in FC1.items()}
    figure, (axes,) = make_figure(1)
    for rule, result in found.items():
        if result:
            then, theirs = result.test_accuracy_after(TEN), AFTER_TEN.get(rule)
            can_compare = theirs and len(then) and result.config["dataset"] == "mnist"
            beside = compare(then, theirs) if can_compare else ("-",) * 3
            at_ten = describe_accuracy(then) if len(then) else "-"
            end = describe_accuracy(result.test_accuracy), str(result.epochs)
            rows.append((label(rule), describe_seeds(result), at_ten, *beside, *end))
            plot_test_curve(axes, result, label(rule))
            axes.set_title(f"FC1-500 on {result.config['dataset']}")
    axes.legend()
    return Shown(markdown_table(rows), figure)

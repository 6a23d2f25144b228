"""Test accuracy and angles on MNIST beside the authors' own runs."""

import numpy as np

from experiments.papers.comparison import compare
from experiments.papers.show import (
    Shown,
    describe_accuracy,
    describe_seeds,
    describe_size,
    describe_spread,
)
from experiments.papers.weight_mirror.published import ACCURACY, ANGLE, EPOCHS
from experiments.papers.weight_mirror.runs import ON_MNIST
from pepita_jax.figures import make_figure, plot_band, put_legend_below
from pepita_jax.styles import rule_style
from pepita_jax.tables import markdown_table

NAMES = {"bp": "BP", "fa": "FA", "weight_mirror": "weight mirror", "kolen_pollack": "Kolen-Pollack"}
_MEANS = {
    rule: {epoch: printed.mean for epoch, printed in theirs.items()}
    for rule, theirs in ACCURACY.items()
}


def accuracy(find):
    """Test accuracy after some epochs, ours and theirs."""
    rows = [("rule", "after", "test %", "seeds", "theirs %", "difference", "agrees")]
    for rule, result in _results(find):
        for epoch, theirs in ACCURACY[rule].items():
            values = result.test_accuracy_after(epoch)
            if len(values):
                cells = (NAMES[rule], str(epoch), describe_accuracy(values), describe_seeds(result))
                beside = compare(values, theirs) if _is_mnist(result) else ("-",) * 3
                rows.append((*cells, *beside))
    return Shown(markdown_table(rows), _figure(find, "test accuracy (%)", _accuracies, _MEANS))


def angles(find):
    """The angle between W_2 and B_2 after some epochs, ours and theirs."""
    rows = [("rule", "after", "angle", "seeds", "theirs")]
    for rule, result in _results(find):
        ours = _angles(result)
        for epoch, theirs in ANGLE.get(rule, {}).items():
            if epoch <= result.epochs:
                cells = (describe_spread(ours[:, epoch - 1], 1), describe_seeds(result))
                beside = str(theirs) if _is_mnist(result) else "-"
                rows.append((NAMES[rule], str(epoch), *cells, beside))
    return Shown(markdown_table(rows), _figure(find, "angle of B to W (degrees)", _angles, ANGLE))


def _results(find):
    found = ((rule, find(run)) for rule, run in ON_MNIST.items())
    return [(rule, result) for rule, result in found if result]


def _is_mnist(result):
    """Whether a result can be compared with theirs: --quick has another data set."""
    return result.config["dataset"] == "mnist"


def _accuracies(result):
    return 100 * result.history("metrics")["test_accuracy"]


def _angles(result):
    angle = result.history("alignment").get("feedback_angle")
    return None if angle is None or not angle.shape[-1] else angle[:, 1:, 0]


def _figure(find, ylabel, values_of, theirs):
    """Our runs as bands, and the quoted figures of the authors' logs as circles."""
    figure, (axes,) = make_figure(1)
    for rule, result in _results(find):
        values, style = values_of(result), rule_style(rule)
        if values is not None:
            epoch = np.arange(1, values.shape[1] + 1)
            name = f"{NAMES[rule]} ({describe_size(result)})"
            plot_band(axes, epoch, values, name, **style)
            if _is_mnist(result):
                points = {**style, "ls": "none", "mfc": "none", "ms": 9}
                axes.plot(*zip(*theirs[rule].items(), strict=True), **points)
    title = f"hollow: the authors' runs of {EPOCHS} epochs"
    axes.set(xscale="log", ylabel=f"{ylabel}, mean ± std", title=title)
    put_legend_below(figure, [axes])
    return figure

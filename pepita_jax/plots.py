"""Plots."""

import numpy as np


def plot_learning_curves(histories, path):
    """Draws accuracy over epochs, mean and one standard deviation over seeds.

    Args:
        histories: `{label: history}`, each with `test_accuracy` and `train_accuracy` `[S, E]`.
        path: of the picture; its ending chooses the format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for i, (label, history) in enumerate(histories.items()):
        test, train = 100 * history["test_accuracy"], 100 * history["train_accuracy"]
        number = np.arange(1, test.shape[1] + 1)
        _plot_band(axes, number, test, f"C{i}", f"{label}, test ({len(test)} seeds)")
        axes.plot(number, train.mean(0), color=f"C{i}", ls=":", lw=1, label=f"{label}, training")
    axes.set(xlabel="epoch", ylabel="accuracy (%), mean ± std over seeds")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)


def _plot_band(axes, x, values, color, label):
    mean, std = values.mean(0), values.std(0, ddof=1) if len(values) > 1 else 0
    axes.plot(x, mean, color=color, label=label, marker="o" if len(x) == 1 else None)
    axes.fill_between(x, mean - std, mean + std, color=color, alpha=0.2, lw=0)

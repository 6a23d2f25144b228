"""Plots."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

PANELS = {
    "gradient_angle": "angle to BP's gradient (degrees)",
    "gauss_newton_angle": "angle to Gauss-Newton (degrees)",
    "feedback_angle": "angle of F to the weights (degrees)",
    "weight_norm": "norm of the weights, initially 1",
}

DOTS_PER_INCH = 120
SVG = {"svg.fonttype": "none", "svg.hashsalt": "pepita_jax"}  # small, and the same every time


def save_figure(figure: Any, file: Any) -> None:
    """Writes a figure.

    Args:
        figure: of matplotlib.
        file: a path, of which the ending chooses the format, or an open file for SVG.
    """
    import matplotlib

    is_svg = str(file).endswith(".svg") or not isinstance(file, (str, os.PathLike))
    with matplotlib.rc_context(SVG):  # ty: ignore[invalid-argument-type]  names as strings
        if is_svg:
            figure.savefig(file, format="svg", metadata={"Date": None})
        else:
            figure.savefig(file, dpi=DOTS_PER_INCH)


def draw_learning_curves(
    histories: Mapping[str, Mapping[str, np.ndarray]], training: bool = True
) -> Any:
    """A figure of accuracy over epochs, mean and one standard deviation over seeds.

    Args:
        histories: `{label: history}`, each with `test_accuracy` and `train_accuracy` `[S, E]`.
        training: whether the mean training accuracy is drawn as well.
    """
    figure, (axes,) = make_figure(1)
    for i, (name, history) in enumerate(histories.items()):
        label = name.removeprefix("__main__.").lstrip("_")  # or it would be in no legend
        test, train = 100 * history["test_accuracy"], 100 * history["train_accuracy"]
        number, finite = np.arange(1, test.shape[1] + 1), np.isfinite(test[:, -1]).sum()
        seeds = f"{len(test)} seeds" if finite == len(test) else f"{finite} of {len(test)} seeds"
        plot_band(axes, number, test, f"{label}, test ({seeds})", color=f"C{i}")
        if training:
            mean, style = np.ma.masked_invalid(train).mean(0), {"ls": ":", "lw": 1}
            axes.plot(number, mean, color=f"C{i}", label=f"{label}, training", **style)
    axes.set_ylabel("accuracy (%), mean ± std over seeds")
    axes.legend()
    return figure


def draw_alignment(alignment: Mapping[str, np.ndarray]) -> Any:
    """A figure of angles and norms over epochs, mean and one deviation over seeds (Fig. 3).

    Args:
        alignment: the fields of `analysis.Alignment`, `[S, 1 + epochs, arrays]` each. Those that
            are missing are not drawn, nor is the norm of weights that begin at 0.
    """
    shown = [name for name in PANELS if np.isfinite(alignment.get(name, np.nan)).any()]
    figure, panels = make_figure(len(shown))
    for axes, name in zip(panels, shown, strict=True):
        values, label = alignment[name], "layer"
        if name == "feedback_angle":
            label = "array of F,"
        if name == "weight_norm":
            first = values[:, :1]
            values = values / np.where(first > 0, first, np.nan)
        else:
            axes.axhline(90, color="grey", lw=1, ls="--")
        for i, of_array in enumerate(np.moveaxis(values, 2, 0)):
            if np.isfinite(of_array).any():
                number = np.arange(of_array.shape[1])
                plot_band(axes, number, of_array, f"{label} {i + 1}", color=f"C{i}")
        axes.set_ylabel(PANELS[name])
        axes.legend()
    return figure


def make_figure(
    num_panels: int, xlabel: str = "epoch", columns: int | None = None
) -> tuple[Any, Any]:
    """A figure with panels in rows of `columns` (all); epochs are integers on its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(columns or num_panels, num_panels)
    rows = -(-num_panels // columns)
    figure = Figure(figsize=(5 * columns, 3.5 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for unused in panels[num_panels:]:
        unused.remove()
    panels = panels[:num_panels]
    for axes in panels:
        axes.set_xlabel(xlabel)
        axes.xaxis.get_major_locator().set_params(integer=xlabel == "epoch")
        axes.grid(alpha=0.3)
    return figure, panels


def plot_band(axes: Any, x: np.ndarray, values: np.ndarray, label: str, **style: Any) -> None:
    """Draws a mean over seeds and its standard deviation as a band.

    Args:
        axes: where to draw.
        x: `[n]`.
        values: `[S, n]`; what is not finite is in no mean.
        label, style: of the line, as for matplotlib.
    """
    values = np.ma.masked_invalid(values)
    mean, std = values.mean(0), values.std(0, ddof=1) if len(values) > 1 else 0
    marker = "o" if len(x) == 1 else None
    (line,) = axes.plot(x, mean, label=label, marker=marker, **style)
    axes.fill_between(x, mean - std, mean + std, color=line.get_color(), alpha=0.2, lw=0)

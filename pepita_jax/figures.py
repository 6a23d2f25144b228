"""What all plots are made of: a figure with panels, a band over seeds, a legend, a file."""

import os
from collections.abc import Iterable
from textwrap import fill
from typing import Any

import numpy as np

from pepita_jax.styles import MARKERS

FEW_EPOCHS = 3  # have error bars in place of a band
ROOM = 0.4  # epochs beside the first and the last of them
MOST_MARKERS = 10  # on a line
LEGEND_BESIDE = 6  # more lines than this have their legend beside the panel
LEGEND_WIDTH = 1.5  # inches
TITLE_WIDTH = 50  # characters

DOTS_PER_INCH = 200
SVG = {"svg.fonttype": "none", "svg.hashsalt": "pepita_jax"}  # small, and the same every time


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
        if xlabel == "epoch":
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
    return figure, panels


def wrap_title(title: str, num_panels: int = 1) -> str:
    """A title in lines that are no wider than the panels beneath it; its own lines stay apart."""
    return "\n".join(fill(line, TITLE_WIDTH * num_panels) for line in title.splitlines())


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


def plot_band(
    axes: Any, x: np.ndarray, values: np.ndarray, label: str | None, shift: float = 0, **style: Any
) -> None:
    """Draws a mean over seeds and its standard deviation as a band, or as bars at few epochs.

    Args:
        axes: where to draw.
        x: `[n]`.
        values: `[S, n]`; what is not finite is in no mean.
        label, style: of the line, as for matplotlib.
        shift: by how many points bars are moved to the right, so that those of several lines do
            not hide each other.
    """
    values = np.ma.masked_invalid(values)
    mean = values.mean(0)
    std = values.std(0, ddof=1) if len(values) > 1 else np.zeros(len(x))
    style = {"marker": "o", "ms": 5, **style}
    style["markevery"] = mark_every(len(x), style["marker"])
    if len(x) > FEW_EPOCHS:
        (line,) = axes.plot(x, mean, label=label, **style)
        axes.fill_between(x, mean - std, mean + std, color=line.get_color(), alpha=0.15, lw=0)
        return
    place = _moved(axes, shift)
    (line,) = axes.plot(x, mean, label=label, transform=place, **style)
    for sign in (-1, 1):  # matplotlib makes no room for what is moved
        ends = np.ma.filled(mean + sign * std, np.nan)
        axes.update_datalim([*zip(x + sign * ROOM, ends, strict=True)])
    if len(values) > 1:
        bars = {"fmt": "none", "ecolor": line.get_color(), "capsize": 4, "transform": place}
        axes.errorbar(x, mean, std, **bars)


def mark_every(number: int, marker: str) -> tuple[int, int]:
    """The first of `number` points that has a marker, and the step to the next.

    Each marker begins elsewhere, so that those of lines that lie on each other are seen.
    """
    step = max(1, -(-number // MOST_MARKERS))
    return MARKERS.index(marker) * step // len(MARKERS), step


def _moved(axes, points):
    """Where data are drawn, so many points to the right; the data themselves stay as they are."""
    from matplotlib.transforms import ScaledTranslation

    return axes.transData + ScaledTranslation(points / 72, 0, axes.figure.dpi_scale_trans)


def place_legend(axes: Any, beside: bool = False) -> None:
    """Gives a panel its legend: inside, or beside it if asked for or if there are many lines."""
    handles, _ = axes.get_legend_handles_labels()
    if beside or len(handles) > LEGEND_BESIDE:
        axes.figure.set_figwidth(axes.figure.get_figwidth() + LEGEND_WIDTH)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize="small")
    elif handles:
        axes.legend()


def put_legend_below(figure: Any, panels: Iterable[Any]) -> None:
    """One legend for all panels, where it covers no curve."""
    entries = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(entries.values(), entries, loc="outside lower center", ncols=2)

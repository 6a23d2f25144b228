"""Accuracy over one or two numbers that a sweep varies."""

from pathlib import Path

import numpy as np

from pepita_jax.figures import make_figure, save_figure
from pepita_jax.styles import COLORS
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.results import has_early_ends, show_value

MOST_TICKS = 12  # on an axis, and cells with their numbers in them
CLOSE = 5  # points of accuracy; what is as near as this to the best quarter is no outlier
MANY_TIMES = 4  # so are those as far below it as this times the distance to the best
BELOW = "lightgrey"  # outliers
CELL = (0.9, 0.4)  # inches of a grid's cell, at least


def plot_sweep(path: Path, ranking: list[dict], settings: list[dict], split: str) -> bool:
    """A curve with its bars for one number; a heat map for the grid of two, or points if drawn.

    Settings whose accuracy lies far below the others' have a colour, or a place, of their own.

    Returns:
        Whether there was anything to draw: words, more fields, and accuracies of no seed are not.
    """
    figure = draw_sweep(ranking, settings, split)
    if figure:
        save_figure(figure, path)
    return figure is not None


def draw_sweep(ranking, settings, split):
    """The figure of `plot_sweep`, or None."""
    fields = [f for f in merge(settings) if len({repr(s.get(f)) for s in settings}) > 1]
    numeric = all(isinstance(s.get(f), (int, float)) for f in fields for s in settings)
    if len(fields) not in (1, 2) or not numeric:
        return None
    at = np.array([[settings[row["setting"]][f] for f in fields] for row in ranking], float)
    mean, std = (np.array([row[n] for row in ranking], float) * 100 for n in ("mean", "std"))
    if not np.isfinite(mean).any():
        return None
    figure, (axes,) = make_figure(1, xlabel=fields[-1])
    seeds, when = ranking[0]["seeds"], "last" if has_early_ends(ranking) else ranking[0]["epochs"]
    over = f"{seeds} seed{'s' * (seeds != 1)}"
    after = f"after each setting's {when} epoch" if when == "last" else f"after {when} epochs"
    axes.set_title(f"{split} accuracy {after}, {over}", fontsize="medium")
    if len(fields) == 1:
        _draw_curve(axes, at[:, 0], mean, std, ranking)
        axes.set_ylabel(f"{split} accuracy (%)" + ", mean ± std" * (seeds > 1))
        return figure
    is_grid = len(at) == len(np.unique(at[:, 0])) * len(np.unique(at[:, 1]))
    colors = (_draw_grid if is_grid else _draw_points)(axes, *at.T, mean, ranking)
    axes.set_ylabel(fields[0])
    extend = "min" if np.nanmin(mean) < colors.norm.vmin else "neither"
    figure.colorbar(colors, extend=extend, label=f"{split} accuracy (%)" + ", mean" * (seeds > 1))
    return figure


def robust_limits(mean: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest accuracy, outliers below left out.

    These lie further below the best quarter than it lies below the best, `MANY_TIMES`. Up to three
    quarters of a sweep's settings may be bad.

    Args:
        mean: in %; what is not finite is left out.
    """
    mean = mean[np.isfinite(mean)]
    best, quarter = mean.max(), np.quantile(mean, 0.75, method="lower")
    fence = quarter - max(MANY_TIMES * (best - quarter), CLOSE)
    return mean[mean >= fence].min(), best


def _draw_curve(axes, at, mean, std, ranking):
    order = np.argsort(at)
    low, high = robust_limits(mean)
    shown = [i for i in order if mean[i] >= low]
    bars = np.nan_to_num(std[shown])
    style = {"color": COLORS[2], "marker": "o", "capsize": 4}
    axes.errorbar(at[shown], mean[shown], bars, **style)
    axes.set_xscale(_scale(at))
    axes.margins(x=0.1)
    room = 0.1 * max(high + np.max(bars) - low, 1.0)
    bottom = min(mean[shown] - bars) - room * (1 + (len(shown) < len(at)))
    axes.set_ylim(bottom, max(mean[shown] + bars) + room)
    for i in order:
        words = _describe(mean[i], ranking[i])
        if mean[i] >= low:
            words = words.partition("\n")[2]  # its accuracy is on the axis
            where = mean[i] + np.nan_to_num(std[i])
        else:  # at the lower edge: it would leave the others no room
            where = bottom
            axes.plot(at[i], bottom, "v", color="grey", ms=9, clip_on=False, zorder=3)
        place = {"textcoords": "offset points", "ha": "center", "fontsize": "small"}
        axes.annotate(words, (at[i], where), (0, 8), **place)


def _draw_grid(axes, y, x, mean, ranking):
    from matplotlib import colormaps

    ys, xs = np.unique(y), np.unique(x)
    rows, columns = np.searchsorted(ys, y), np.searchsorted(xs, x)
    means = np.full((len(ys), len(xs)), np.nan)
    means[rows, columns] = mean
    low, high = robust_limits(mean)
    cmap = colormaps["viridis"].with_extremes(under=BELOW, bad="white")
    image = axes.imshow(means, origin="lower", aspect="auto", vmin=low, vmax=high, cmap=cmap)
    for set_ticks, values in ((axes.set_xticks, xs), (axes.set_yticks, ys)):
        places = range(0, len(values), -(-len(values) // MOST_TICKS))
        set_ticks(places, [show_value(values[i].item()) for i in places])
    axes.grid(False)
    figure, (rows_in_all, columns_in_all) = axes.figure, np.minimum(means.shape, MOST_TICKS)
    figure.set_figwidth(max(figure.get_figwidth(), CELL[0] * columns_in_all + 1.5))
    figure.set_figheight(max(figure.get_figheight(), CELL[1] * rows_in_all + 1))
    for i, j, value, row in zip(rows, columns, mean, ranking, strict=True):
        if max(means.shape) <= MOST_TICKS:
            is_dark = low <= value < low + 0.6 * (high - low)
            style = {"color": "white" if is_dark else "black", "fontsize": "small"}
            axes.text(j, i, _describe(value, row), ha="center", va="center", **style)
    return image


def _draw_points(axes, y, x, mean, ranking):
    from matplotlib import colormaps

    axes.set_xscale(_scale(x))
    axes.set_yscale(_scale(y))
    low, high = robust_limits(mean)
    cmap = colormaps["viridis"].with_extremes(under=BELOW)
    lost = ~np.isfinite(mean)
    axes.plot(x[lost], y[lost], "x", color="black", label="diverged")
    if lost.any():
        axes.legend()
    style = {"s": 60, "edgecolor": "gray", "cmap": cmap}
    return axes.scatter(x[~lost], y[~lost], c=mean[~lost], vmin=low, vmax=high, **style)


def _describe(mean, row):
    """A cell's accuracy, and how many of its seeds have diverged."""
    if not np.isfinite(mean):
        return "diverged"
    more = f"\n{row['diverged']}/{row['seeds']} diverged" if row["diverged"] else ""
    return f"{mean:.1f}{more}"


def _scale(at):
    return "log" if min(at) > 0 and max(at) >= 10 * min(at) else "linear"

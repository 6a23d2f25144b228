"""Accuracy over one or two numbers that a sweep varies, or over one number for some words."""

from pathlib import Path
from typing import Any

import numpy as np

from pepita_jax.figures import make_figure, place_legend, save_figure
from pepita_jax.sweep.lines import sweep_lines, swept_fields, why_no_plot
from pepita_jax.sweep.results import has_early_ends, show_value
from pepita_jax.words import counted

MOST_TICKS = 12  # on an axis, and cells with their numbers in them
CLOSE = 5  # points of accuracy; what is as near as this to the best quarter is no outlier
MANY_TIMES = 4  # so are those as far below it as this times the distance to the best
BELOW = "lightgrey"  # outliers
CELL = (0.9, 0.4)  # inches of a grid's cell, at least


def plot_sweep(path: Path, ranking: list[dict], settings: list[dict], split: str) -> str:
    """A curve with its bars for one number; a heat map for the grid of two, or points if drawn.

    With fields of words beside one number, each combination of the words has a curve. Settings
    whose accuracy lies far below the others' have a colour, or a place, of their own.

    Returns:
        Why nothing was drawn; empty if there is a plot.
    """
    reason = why_no_plot(ranking, settings)
    if not reason:
        save_figure(draw_sweep(ranking, settings, split), path)
    return reason


def draw_sweep(ranking: list[dict], settings: list[dict], split: str) -> Any:
    """The figure of `plot_sweep`, which must be able to draw it."""
    numbers, words = swept_fields(settings)
    at = np.array([[settings[row["setting"]][f] for f in numbers] for row in ranking], float)
    mean, std = (np.array([row[n] for row in ranking], float) * 100 for n in ("mean", "std"))
    figure, (axes,) = make_figure(1, xlabel=numbers[-1])
    seeds, when = ranking[0]["seeds"], "last" if has_early_ends(ranking) else ranking[0]["epochs"]
    over = counted(seeds, "seed")
    each = f"each setting's {when} epoch"
    after = f"after {each if when == 'last' else counted(when, 'epoch')}"
    axes.set_title(f"{split} accuracy {after}, {over}", fontsize="medium")
    if len(numbers) == 1:
        _draw_curves(axes, at[:, 0], mean, std, ranking, sweep_lines(ranking, settings, words))
        axes.set_ylabel(f"{split} accuracy (%)" + ", mean ± std" * (seeds > 1))
        return figure
    is_grid = len(at) == len(np.unique(at[:, 0])) * len(np.unique(at[:, 1]))
    colors = (_draw_grid if is_grid else _draw_points)(axes, *at.T, mean, ranking)
    axes.set_ylabel(numbers[0])
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


def _draw_curves(axes, at, mean, std, ranking, lines):
    low, high = robust_limits(mean)
    is_shown, bars = mean >= low, np.nan_to_num(std)
    room = 0.1 * max(high + np.max(bars[is_shown]) - low, 1.0)
    bottom = min((mean - bars)[is_shown]) - room * (1 + (not is_shown.all()))
    axes.set_xscale(_scale(at))
    axes.margins(x=0.1)
    axes.set_ylim(bottom, max((mean + bars)[is_shown]) + room)
    edge = {"ls": "none", "marker": "v", "clip_on": False, "zorder": 3}
    for number, (label, style, members) in enumerate(lines):
        members = members[np.argsort(at[members])]
        shown, lost = (members[is_shown[members] == wanted] for wanted in (True, False))
        axes.errorbar(at[shown], mean[shown], bars[shown], label=label, capsize=4, **style)
        if len(lost):  # at the lower edge: they would leave the others no room
            many = {"color": style["color"], "mfc": "none", "ms": 9 + 3 * (number % 5)}
            look = many if label else {"color": "grey", "ms": 9}
            axes.plot(at[lost], np.full(len(lost), bottom), **edge | look)
        some = [i for i in shown if label and ranking[i]["diverged"]]
        axes.plot(at[some], mean[some], **style | {"ls": "none", "mfc": "white", "zorder": 3})
    if lines[0][0]:
        _explain_marks(axes, not is_shown.all(), any(row["diverged"] for row in ranking))
        return
    for i, row in enumerate(ranking):
        words = _describe(mean[i], row)
        if is_shown[i]:
            words = words.partition("\n")[2]  # its accuracy is on the axis
        place = {"textcoords": "offset points", "ha": "center", "fontsize": "small"}
        axes.annotate(words, (at[i], (mean + bars)[i] if is_shown[i] else bottom), (0, 8), **place)


def _explain_marks(axes, some_are_low, some_have_diverged):
    style = {"color": "grey", "ls": "none", "mfc": "none"}
    if some_are_low:
        axes.plot([], [], marker="v", label="lower, or all diverged", **style)
    if some_have_diverged:
        axes.plot([], [], marker="o", label="some seeds diverged", **style)
    place_legend(axes, beside=True)


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

"""Accuracy over one or two numbers that a sweep varies."""

from pathlib import Path

import numpy as np

from pepita_jax.plots import make_figure, save_figure
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.results import has_early_ends, show_value

MOST_TICKS = 12  # on an axis, and cells with their numbers in them


def plot_sweep(path: Path, ranking: list[dict], settings: list[dict], split: str) -> bool:
    """A curve with its band for one number; a heat map for the grid of two, or points if drawn.

    Returns:
        Whether there was anything to draw: words, more fields, and accuracies of no seed are not.
    """
    fields = [f for f in merge(settings) if len({repr(s.get(f)) for s in settings}) > 1]
    numeric = all(isinstance(s.get(f), (int, float)) for f in fields for s in settings)
    if len(fields) not in (1, 2) or not numeric:
        return False
    at = np.array([[settings[row["setting"]][f] for f in fields] for row in ranking], float)
    mean, std = (np.array([row[n] for row in ranking], float) * 100 for n in ("mean", "std"))
    if not np.isfinite(mean).any():
        return False
    figure, (axes,) = make_figure(1, xlabel=fields[-1])
    when = ", after its last epoch" if has_early_ends(ranking) else ""
    label = f"{split} accuracy (%), mean of seeds{when}"
    if len(fields) == 1:
        _draw_curve(axes, at[:, 0], mean, std)
        axes.set_ylabel(f"{split} accuracy (%), mean ± std over {ranking[0]['seeds']} seeds{when}")
    else:
        is_grid = len(at) == len(np.unique(at[:, 0])) * len(np.unique(at[:, 1]))
        colors = (_draw_grid if is_grid else _draw_points)(axes, *at.T, mean)
        axes.set_ylabel(fields[0])
        figure.colorbar(colors, extend="min", label=label)
    save_figure(figure, path)
    return True


def _draw_curve(axes, at, mean, std):
    order = np.argsort(at)
    at, mean, std = at[order], mean[order], std[order]
    (line,) = axes.plot(at, mean, marker="o")
    axes.fill_between(at, mean - std, mean + std, color=line.get_color(), alpha=0.2, lw=0)
    axes.set_xscale(_scale(at))


def _draw_grid(axes, y, x, mean):
    ys, xs = np.unique(y), np.unique(x)
    means = np.full((len(ys), len(xs)), np.nan)
    means[np.searchsorted(ys, y), np.searchsorted(xs, x)] = mean
    image = axes.imshow(means, origin="lower", aspect="auto", vmin=_lowest(mean))
    for set_ticks, values in ((axes.set_xticks, xs), (axes.set_yticks, ys)):
        places = range(0, len(values), -(-len(values) // MOST_TICKS))
        set_ticks(places, [show_value(values[i].item()) for i in places])
    axes.grid(False)
    for i, j in np.argwhere(np.isfinite(means)) if max(means.shape) <= MOST_TICKS else ():
        color = "black" if image.norm(means[i, j]) > 0.6 else "white"
        axes.text(j, i, f"{means[i, j]:.1f}", ha="center", va="center", color=color)
    return image


def _draw_points(axes, y, x, mean):
    axes.set_xscale(_scale(x))
    axes.set_yscale(_scale(y))
    return axes.scatter(x, y, c=mean, vmin=_lowest(mean), s=60, edgecolor="gray")


def _lowest(mean):
    """Outliers below (Tukey's) share a colour: else they took all the others' away."""
    low, high = np.nanquantile(mean, [0.25, 0.75])
    return max(np.nanmin(mean), low - 1.5 * (high - low))


def _scale(at):
    return "log" if min(at) > 0 and max(at) >= 10 * min(at) else "linear"

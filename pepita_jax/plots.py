"""Learning curves and alignment of runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pepita_jax.figures import (
    make_figure,
    mark_every,
    place_legend,
    plot_band,
    save_figure,
    wrap_title,
)
from pepita_jax.styles import MARKERS, line_styles
from pepita_jax.words import counted

__all__ = ["draw_accuracies", "draw_alignment", "draw_learning_curves", "save_figure"]

PANELS = {  # title and unit
    "gradient_angle": ("update and BP's gradient", "angle between them (degrees)"),
    "gauss_newton_angle": ("update and Gauss-Newton", "angle between them (degrees)"),
    "feedback_angle": ("F and the weights it stands for", "angle between them (degrees)"),
    "weight_norm": ("norm of the weights", "multiple of the initial norm"),
}
DODGE = 8  # points between the error bars of neighbours
THIN = {"lw": 1, "mfc": "none", "ms": 4}  # training
WIDEST, NARROWEST = 4.5, 1.5  # lines of layers, which show where they lie on each other
MANY_TIMES = 10  # a range of norms that is drawn in logarithms


def draw_learning_curves(
    histories: Mapping[str, Mapping[str, np.ndarray]], training: bool = True, title: str = ""
) -> Any:
    """A figure of accuracy over epochs, mean and one standard deviation over seeds.

    Args:
        histories: `{rule: history}`, each with `test_accuracy` and `train_accuracy` `[S, E]`. The
            rule's name chooses the style; any other text is a label too.
        training: whether the mean training accuracy is drawn as well.
        title: what the runs have in common.
    """
    figure, (axes,) = make_figure(1)
    draw_accuracies(axes, [*histories.items()], [*histories], training)
    place_legend(axes)
    axes.set_title(wrap_title(title or "learning curves"))
    return figure


def draw_accuracies(
    axes: Any,
    histories: list[tuple[str, Mapping[str, np.ndarray]]],
    rules: list[str],
    training: bool = False,
) -> None:
    """Draws what `draw_learning_curves` does into a panel, without a legend.

    Args:
        axes: the panel.
        histories: `(label, history)` of each run.
        rules: the rule of each, which chooses the style.
        training: as there.
    """
    sizes = [count_seeds(history["test_accuracy"]) for _, history in histories]
    differ, middle = len(set(sizes)) > 1, (len(histories) - 1) / 2
    runs = zip(histories, sizes, line_styles(rules), strict=True)
    for i, ((name, history), size, style) in enumerate(runs):
        label = name.removeprefix("__main__.").lstrip("_")  # or it would be in no legend
        label = label.replace("$", r"\$")  # which begins a formula
        test, train = (100 * history[f"{split}_accuracy"] for split in ("test", "train"))
        number = np.arange(1, test.shape[1] + 1)
        words = label + ", test" * training + f" ({size})" * differ
        plot_band(axes, number, test, words, shift=DODGE * (i - middle), **style)
        if training:
            mean, thin = np.ma.masked_invalid(train).mean(0), {**style, **THIN}
            thin["markevery"] = mark_every(len(number), style["marker"])
            axes.plot(number, mean, label=f"{label}, training", **thin)
    over = "seeds" if differ or not sizes else sizes[0]
    axes.set_ylabel(f"{'test ' * (not training)}accuracy (%)\n{describe_band(over)}")


def count_seeds(values: np.ndarray) -> str:
    """How many seeds a mean is over, in words.

    Args:
        values: `[S, n]`; a seed whose last value is not finite has diverged.
    """
    finite = int(np.isfinite(values[:, -1]).sum())
    of = f"{finite} of " if finite < len(values) else ""
    return of + counted(len(values), "seed")


def describe_band(seeds: str) -> str:
    """What a band shows, for an axis; one seed has none."""
    return seeds if seeds == "1 seed" else f"mean ± std over {seeds}"


def draw_alignment(alignment: Mapping[str, np.ndarray], title: str = "") -> Any:
    """A figure of angles and norms over epochs, mean and one deviation over seeds (Fig. 3).

    Args:
        alignment: the fields of `analysis.Alignment`, `[S, 1 + epochs, arrays]` each. Those that
            are missing are not drawn, nor is the norm of weights that begin at 0.
        title: what is trained.
    """
    shown = [name for name in PANELS if np.isfinite(alignment.get(name, np.nan)).any()]
    figure, panels = make_figure(len(shown))
    num_layers = alignment["weight_norm"].shape[2] if "weight_norm" in alignment else 0
    for axes, name in zip(panels, shown, strict=True):
        values, (what, unit) = alignment[name], PANELS[name]
        if name == "weight_norm":
            first = values[:, :1]
            values = values / np.where(first > 0, first, np.nan)
        else:
            axes.axhline(90, color="grey", lw=1, ls="--")
        is_feedback = name == "feedback_angle"
        labels = label_layers(values.shape[2], num_layers if is_feedback else None)
        depth = max(num_layers, values.shape[2])
        _draw_layers(axes, values, labels, depth, names_missing=name.startswith("g"))
        axes.set(title=what, ylabel=unit)
    if shown:
        measured = np.where(np.isfinite(alignment[shown[-1]]).any(2), 1.0, np.nan)
        over = describe_band(count_seeds(measured))
        figure.suptitle(wrap_title(f"{title}, {over}" if title else over, len(shown)))
    return figure


def label_layers(number: int, num_layers: int | None = None) -> list[str]:
    """What the lines of a panel are: layers, or the feedback in a network of `num_layers`."""
    kind = "layer"
    if num_layers is not None:
        kinds = {num_layers: "feedback of layer", num_layers - 1: "feedback to layer"}
        kind = kinds.get(number, "feedback, array")
        if number == 1:
            return ["feedback"]
    return [f"{kind} {i + 1}" for i in range(number)]


def _draw_layers(axes, values, labels, depth, names_missing):
    """Lines of `values` `[S, 1 + epochs, arrays]`: the first are the widest, beneath the others."""
    from matplotlib import colormaps

    epoch, means = np.arange(values.shape[1]), []
    for i, label in enumerate(labels):
        part = i / max(depth - 1, 1)
        style: dict[str, Any] = {
            "color": colormaps["viridis"](0.9 * part),  # the deeper, the lighter
            "marker": MARKERS[i % len(MARKERS)],
            "lw": WIDEST + part * (NARROWEST - WIDEST),
            "ms": 9 - 4 * part,
        }
        of_array = values[:, :, i]
        if np.isfinite(of_array).any():
            plot_band(axes, epoch, of_array, label, **style)
            means.append(np.ma.masked_invalid(of_array).mean(0))
        elif names_missing:
            axes.plot([], [], label=f"{label}: no update", **style)
    low, high = np.ma.min(means), np.ma.max(means)
    if low > 0 and high > MANY_TIMES * low and not names_missing:
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.8 * low)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)

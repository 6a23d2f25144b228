"""Several runs in one plot: their curves, and what they differ by."""

from itertools import takewhile
from pathlib import Path

from experiments.reporting.pairing import compare
from pepita_jax.errors import UserError
from pepita_jax.figures import make_figure, put_legend_below, wrap_title
from pepita_jax.plots import draw_accuracies
from pepita_jax.styles import line_styles
from pepita_jax.watching import say
from pepita_jax.words import counted

LINE, LEGEND_LINE = 0.5, 0.12  # inches of height for each difference, for each name below
WIDTH = 11  # inches


def draw_comparison(reports, baseline=None):
    """A figure of test accuracies and of paired differences with interval and p value.

    Args:
        reports: `Report`s.
        baseline: the one that the others are compared with; by default the first of them.
    """
    baseline = baseline or reports[0]
    names = labels([*reports, baseline])
    others, differences = _differences(reports, baseline)
    figure, panels = make_figure(2 if others else 1)
    draw_curves(panels[0], reports, names[:-1])
    put_legend_below(figure, panels[:1])
    figure.set_figheight(figure.get_figheight() + LEGEND_LINE * len(reports))
    if others:
        styles = line_styles([report.words[0] for report in reports])
        _draw_differences(panels[1], others, differences, names, styles)
        epochs = reports[others[0]].config["num_epochs"]
        panels[1].set_title(f"difference from {names[-1]}\nafter epoch {epochs}", fontsize="medium")
        figure.set_size_inches(WIDTH, max(figure.get_figheight(), 1.5 + LINE * len(others)))
    return figure


def draw_curves(axes, reports, names):
    """Test accuracy of each run, named so, into a panel."""
    histories = [(n, report.history) for n, report in zip(names, reports, strict=True)]
    draw_accuracies(axes, histories, [report.words[0] for report in reports])
    what = {" on ".join(report.words[1:]) for report in reports}
    axes.set_title(wrap_title(what.pop() if len(what) == 1 else "test accuracy"))


def labels(reports):
    """The runs' folders, and their rules and different data sets where folders do not name them."""
    several, labels = len({report.words[2] for report in reports}) > 1, []
    for name, report in zip(short_names([r.name for r in reports]), reports, strict=True):
        rule, _, data = report.words
        missing = [word for word in (rule, data)[: 1 + several] if word not in name]
        labels.append(f"{', '.join(missing)} ({name})" if missing else name)
    return labels


def short_names(names):
    """Folders without what all of them begin with."""
    paths = [Path(name) for name in names]
    levels = zip(*(path.parent.parts for path in paths), strict=False)
    same = len([*takewhile(lambda level: len(set(level)) == 1, levels)])
    return [str(Path(*path.parts[same:])) for path in paths]


def _differences(reports, baseline):
    """Places of the runs that pair with the baseline, and their `Difference`s."""
    places, differences = [], []
    for i, report in enumerate(reports):
        if report.name != baseline.name:
            try:
                difference = compare(report, baseline)
            except UserError as error:
                say(f"{report.name} has no difference from {baseline.name} in the plot: {error}")
                continue
            if difference.mean is not None:
                places.append(i)
                differences.append(difference)
    return places, differences


def _draw_differences(axes, others, differences, names, styles):
    for row, (i, found) in enumerate(zip(others, differences, strict=True)):
        bar = None if found.p is None else [[found.mean - found.low], [found.high - found.mean]]
        style = {**styles[i], "ls": "none", "capsize": 4}
        axes.errorbar([found.mean], [row], xerr=bar, **style)
    axes.axvline(0, color="grey", lw=1, ls="--")
    words = [f"{names[i]}\n{d.with_p()}" for i, d in zip(others, differences, strict=True)]
    axes.set_yticks(range(len(others)), words, fontsize="small")
    axes.set_ylim(len(others) - 0.4, -0.6)  # the first on top
    axes.margins(x=0.1)
    axes.xaxis.get_major_locator().set_params(integer=False, min_n_ticks=2)
    pairs = {found.pairs for found in differences}
    over = counted(pairs.pop(), "seed") if len(pairs) == 1 else "seeds"
    axes.set_xlabel(f"points of test accuracy, {over} in pairs:\nmean, 95 % interval, Student's t")

"""One HTML file of any runs, which needs nothing else: it makes no request."""

import hashlib
import io
import re
from functools import partial
from importlib import resources

import numpy as np

from experiments.reporting.comparison import draw_curves, labels
from pepita_jax.errors import UserError
from pepita_jax.figures import FEW_EPOCHS, make_figure, save_figure
from pepita_jax.options import flatten
from pepita_jax.plots import draw_alignment
from pepita_jax.styles import number_style
from pepita_jax.tables import as_percent
from pepita_jax.watching import decoration
from pepita_jax.words import counted

HEADINGS = ("run", "rule", "network", "data", "seeds", "epochs", "test %", "training %")
WIDE = ("network", "data")  # stand above the table if they are the same for all runs
DIFFERENCE = "difference, 95 % interval"  # stands after the test accuracy
MOST_NAMED = 20  # seeds in a legend


def make_page(reports, differences, documents, verdicts=()):
    """The page's text.

    Args:
        reports: `Report`s.
        differences: from the baseline, a text per report; empty without one.
        documents: `(title, Markdown text or None, SVG text or None)`, shown above the runs.
        verdicts: `Verdict`s, shown first.

    Raises:
        UserError: Jinja is not installed.
    """
    try:
        from jinja2 import Environment
    except ModuleNotFoundError as error:
        message = "--out needs the extra: pip install -e '.[report]'"
        raise UserError(message) from error
    template = resources.files("experiments.reporting").joinpath("page.html").read_text("utf-8")
    shown = [
        (title, read_markdown(text or ""), _inline(svg, title)) for title, text, svg in documents
    ]
    rows = [_row(report) for report in reports]
    headings = HEADINGS
    if differences:
        headings = _before_last(headings, DIFFERENCE)
        rows = [_before_last(*pair) for pair in zip(rows, differences, strict=True)]
    common, (headings, *rows) = _without_common([headings, *rows])
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = breakable
    return environment.from_string(template).render(
        verdicts=verdicts,
        documents=shown,
        common=common,
        overview=[headings, *rows],
        groups=_groups(reports),
        runs=[_describe(report) for report in reports],
    )


def _before_last(cells, cell):
    return (*cells[:-1], cell, cells[-1])


def _without_common(table):
    """`{heading: cell}` of the wide columns whose cells are all alike, and the other columns."""
    columns = [*zip(*table, strict=True)]
    common = {head: cells[0] for head, *cells in columns if head in WIDE and len({*cells}) == 1}
    return common, [*zip(*(c for c in columns if c[0] not in common), strict=True)]


def breakable(text):
    """A text that a browser may break after `/` and `_`, as safe markup."""
    from markupsafe import Markup, escape

    return Markup(re.sub("([/_])", r"\1<wbr>", str(escape(text))))


def _inline(svg, title):
    """See `inline`; None if it is no SVG."""
    with decoration(f"the figure {title!r}"):
        return inline(svg, title)


def _row(report):
    summary = report.summary
    diverged = len(summary["diverged"])
    seeds = summary["num_seeds"]
    return (
        report.name,
        *report.words,
        f"{seeds - diverged} of {seeds}" if diverged else str(seeds),
        str(summary["num_epochs"]),
        as_percent(summary["test_accuracy"]),
        as_percent(summary["train_accuracy"]),
    )


def _groups(reports):
    """A figure for the runs of each network and data set."""
    groups = {}
    for report in reports:
        groups.setdefault(report.words[1:], []).append(report)
    return [
        to_svg(draw_means, members, f"test curves, {model} on {data}")
        for (model, data), members in groups.items()
    ]


def _describe(report):
    columns = ("test_accuracy", "train_accuracy", "train_loss")
    last = zip(*(report.history[name][:, -1] for name in columns), strict=True)
    seeds = [
        (str(seed), _number(100 * test), _number(100 * train), _number(loss, 4))
        for seed, (test, train, loss) in zip(report.seeds, last, strict=True)
    ]
    figures = [to_svg(draw_seeds, report, f"{report.name}: accuracy of each seed")]
    if report.alignment:
        title = f"{report.name}: angles and norms"
        draw = partial(draw_alignment, title=", ".join(report.words))
        figures.append(to_svg(draw, report.alignment, title))
    return {
        "name": report.name,
        "figures": [figure for figure in figures if figure],
        "seeds": [("seed", "test %", "training %", "training loss"), *seeds],
        "config": sorted(flatten(report.config).items()),
        "environment": sorted(flatten(report.environment).items()),
    }


def draw_means(reports):
    """Test accuracy of several runs, mean and deviation over seeds."""
    figure, (axes,) = make_figure(1)
    draw_curves(axes, reports, labels(reports))
    names = figure.legend(loc="outside lower left", fontsize="small")
    figure.set_figheight(figure.get_figheight() + 0.2 * len(names.get_texts()))
    return figure


def draw_seeds(report):
    """Accuracies of each seed of a run."""
    figure, panels = make_figure(2)
    for axes, split, name in zip(panels, ("test", "train"), ("test", "training"), strict=True):
        curves = zip(report.seeds, 100 * report.history[f"{split}_accuracy"], strict=True)
        for seed, curve in curves:
            style, epoch = number_style(seed), np.arange(1, len(curve) + 1)
            style["marker"] = "." if len(curve) <= FEW_EPOCHS else None
            axes.plot(epoch, curve, lw=1, label=str(seed), **style)
        axes.set_title(f"{name} accuracy of {counted(len(report.seeds), 'seed')}")
        axes.set_ylabel(f"{name} accuracy (%)")
    if len(report.seeds) <= MOST_NAMED:
        panels[0].legend(title="seed", fontsize="small", ncols=2)
    return figure


def _number(value, decimals=2):
    return f"{value:.{decimals}f}" if np.isfinite(value) else "-"


def read_markdown(text):
    """Blocks of a text: a table is a list of rows of cells, any other paragraph a string."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if lines and lines[0].startswith("|"):
            cells = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines]
            blocks.append([cells[0], *cells[2:]])
        elif block:
            blocks.append(" ".join(lines))
    return blocks


def to_svg(draw, what, title):
    """The figure `draw(what)` as an SVG element for a page, see `inline`; None if it fails."""
    with decoration(f"the figure {title!r}"):
        text = io.StringIO()
        save_figure(draw(what), text)
        return inline(text.getvalue(), title)


def inline(svg, title):
    """An SVG file's text as an element of a page, safe markup; None for None.

    It is as wide as there is room, has names of its own for its parts, and the title for those who
    do not see it. The declarations before it, which name addresses, and its metadata are left out.
    """
    if svg is None:
        return None
    from markupsafe import Markup, escape

    tag, content = svg[svg.index("<svg") :].split(">", 1)
    tag = re.sub(r' (width|height)="[^"]*"', "", tag)
    content = re.sub(r"<metadata>.*?</metadata>", "", content, flags=re.DOTALL)
    own = "f" + hashlib.sha256((title + svg).encode()).hexdigest()[:8]
    content = re.sub(r'( id="|href="#|url\(#)', rf"\1{own}-", content)
    return Markup(f'{tag} role="img" aria-label="{escape(title)}">{content}')

"""The learned activity of the hidden layer (Fig. 4), and the weights (Fig. 6 and 10)."""

import numpy as np
from scipy import stats

from experiments.papers.pepita.kept import EMBEDDING, FITS
from experiments.papers.pepita.runs import HE_NORMAL, PEPITA
from experiments.papers.show import (
    Shown,
    describe_spread,
    label,
)
from pepita_jax.figures import make_figure, put_legend_below
from pepita_jax.styles import number_style, rule_style
from pepita_jax.tables import markdown_table
from pepita_jax.words import counted

NAMES = {"norm": "normal", "t": "Student's t"}
LAYERS = ("first hidden layer", "output layer")
LINES = {0.0: "--", 0.1: "-"}  # by dropout
MOST_FREEDOM = 100  # more degrees of freedom look normal


def figure_4(find):
    """t-SNE of the hidden layer before and after training, of seed 0 (Fig. 4)."""
    result = find(PEPITA)
    record = next((record for record in result.records if EMBEDDING in record), None)
    if record is None:  # only that of seed 0 is kept
        return Shown()
    embedding = record[EMBEDDING]
    figure, panels = make_figure(2, xlabel="")
    labels = np.array(embedding["labels"])
    for axes, name in zip(panels, ("before", "after"), strict=True):
        points = np.array(embedding[name])
        for number in np.unique(labels):
            at = points[labels == number]
            style = number_style(number)
            look = {"color": style["color"], "marker": style["marker"], "s": 7, "lw": 0}
            axes.scatter(*at.T, **look, label=str(number), rasterized=True)
        axes.set_xticks([])
        axes.set_yticks([])
    panels[0].set_title("before training")
    panels[1].set_title(f"after training ({_describe(record)})")
    panels[1].legend(title="class", loc="center left", bbox_to_anchor=(1, 0.5), markerscale=3)
    return Shown(figure=figure)


def figure_6(find):
    """Distributions of both layers' weights (Fig. 6)."""
    known = _known(find)
    if not known:
        return Shown()
    figure, panels = make_figure(2, xlabel="weight")
    for (rule, dropout), (first, *_) in known.items():
        name, line = f"{label(rule)}, dropout {dropout} ({_describe(first)})", LINES[dropout]
        for axes, histogram in zip(panels, first["histograms"], strict=True):
            color = rule_style(rule)["color"]
            axes.stairs(*density_of(histogram), label=name, color=color, ls=line)
    for axes, name in zip(panels, LAYERS, strict=True):
        axes.set(title=name, ylabel="density", yscale="log")
    put_legend_below(figure, panels)
    return Shown(_moments_table(known), figure)


def figure_10(find):
    """The output layer's weights with a normal and a Student's t distribution (Fig. 10)."""
    known = _known(find)
    if not known:
        return Shown()
    figure, panels = make_figure(len(known), xlabel="weight", columns=2)
    for axes, ((rule, dropout), (first, *_)) in zip(panels, known.items(), strict=True):
        density, edges = density_of(first["histograms"][-1])
        axes.stairs(density, edges, fill=True, alpha=0.4, color=rule_style(rule)["color"])
        at = np.linspace(edges[0], edges[-1], 500)
        for family, line in {"norm": "k-", "t": "k:"}.items():
            fit = first[FITS][family]
            name = f"{NAMES[family]}, KS distance {fit['distance']:.3f}"
            axes.plot(at, getattr(stats, family).pdf(at, *fit["parameters"]), line, label=name)
        title = f"{label(rule)}, dropout {dropout} ({_describe(first)})"
        axes.set(title=title, ylabel="density")
        axes.margins(y=0.3)  # for the legend
        axes.legend(loc="upper left", fontsize="small")
    return Shown(_fits_table(known), figure)


def density_of(histogram):
    """A histogram's density, and its edges."""
    counts = np.array(histogram["counts"])
    edges = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    return counts / counts.sum() / np.diff(edges), edges


def moments_of(histogram):
    """Deviation and excess kurtosis of binned values; the latter is 0 for a normal distribution."""
    density, edges = density_of(histogram)
    share, middle = density * np.diff(edges), (edges[1:] + edges[:-1]) / 2
    centred = middle - share @ middle
    variance = share @ centred**2
    return float(np.sqrt(variance)), float(share @ centred**4 / variance**2 - 3)


def _describe(record):
    return f"seed {record['seed']}, {counted(record['epochs'], 'epoch')}"


def _known(find):
    """`{(rule, dropout): records}` of the seeds with fits, which those with finite weights have."""
    found = {key: find(run) for key, run in HE_NORMAL.items()}
    records = {key: [r for r in of.records if FITS in r] for key, of in found.items() if of}
    return {key: known for key, known in records.items() if known}


def _moments_table(known):
    rows = [("layer", "rule", "dropout", "seeds", "deviation", "excess kurtosis", "from", "to")]
    for i, layer in enumerate(LAYERS):
        for (rule, dropout), records in known.items():
            histograms = [record["histograms"][i] for record in records]
            deviation, kurtosis = zip(*map(moments_of, histograms), strict=True)
            low, high = ([h[end] for h in histograms] for end in ("low", "high"))
            columns = ((deviation, 4), (kurtosis, 2), (low, 2), (high, 2))
            network = (layer, label(rule), str(dropout), str(len(records)))
            rows.append((*network, *(describe_spread(*column) for column in columns)))
    return markdown_table(rows)


def _fits_table(known):
    rows = [
        (
            "rule", "dropout", "seeds", "deviation", "KS distance: normal", "Student's t",
            "degrees of freedom", "gain in log-likelihood per weight",
        )
    ]  # fmt: skip
    for (rule, dropout), records in known.items():
        normal, student = ([record[FITS][family] for record in records] for family in NAMES)
        freedom = [fit["parameters"][0] for fit in student]
        many = f"above {MOST_FREEDOM}" if min(freedom) > MOST_FREEDOM else None
        pairs = zip(student, normal, strict=True)
        rows.append(
            (
                label(rule),
                str(dropout),
                str(len(records)),
                describe_spread([fit["parameters"][1] for fit in normal], 4),
                describe_spread([fit["distance"] for fit in normal], 4),
                describe_spread([fit["distance"] for fit in student], 4),
                many or describe_spread(freedom, 1),
                describe_spread([t["log_likelihood"] - n["log_likelihood"] for t, n in pairs], 4),
            )
        )
    return markdown_table(rows)

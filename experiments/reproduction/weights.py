"""What has been learned: the hidden layer's activity (Fig. 4) and the weights (Fig. 6 and 10)."""

import numpy as np
from scipy import stats

from experiments.reproduction.cells import EMBEDDING, FITS, HE_NORMAL, PEPITA
from experiments.reproduction.show import Shown, describe_spread, label, put_legend_below
from pepita_jax.plots import make_figure
from pepita_jax.tables import markdown_table

COLORS = {("bp", 0.0): "C1", ("bp", 0.1): "C4", ("pepita", 0.0): "C2", ("pepita", 0.1): "C0"}
NAMES = {"norm": "normal", "t": "Student's t"}
MOST_FREEDOM = 100  # more degrees of freedom look normal


def figure_4(find):
    """t-SNE of the hidden layer before and after training, of one seed (Fig. 4)."""
    result = find(PEPITA)
    embedding = next((r[EMBEDDING] for r in result.records if EMBEDDING in r), None)
    if embedding is None:  # that of seed 0 alone is kept
        return Shown()
    figure, panels = make_figure(2, xlabel="")
    labels = np.array(embedding["labels"])
    for axes, name in zip(panels, ("before", "after"), strict=True):
        points = np.array(embedding[name])
        for number in np.unique(labels):
            at = points[labels == number]
            axes.scatter(*at.T, s=4, color=f"C{number}", label=str(number), rasterized=True)
        axes.set_title(f"{name} training")
        axes.set_xticks([])
        axes.set_yticks([])
    panels[1].legend(title="class", loc="center left", bbox_to_anchor=(1, 0.5), markerscale=3)
    return Shown(figure=figure)


def figure_6(find):
    """Distributions of both layers' weights (Fig. 6)."""
    figure, panels = make_figure(2, xlabel="weight")
    for (rule, dropout), record in _records(find).items():
        for axes, histogram in zip(panels, record["histograms"], strict=True):
            density, edges = density_of(histogram)
            name = f"{label(rule)}, dropout {dropout}"
            axes.stairs(density, edges, label=name, color=COLORS[rule, dropout])
    for axes, name in zip(panels, ("first hidden layer", "output layer"), strict=True):
        axes.set(title=name, ylabel="density", yscale="log")
    put_legend_below(figure, panels)
    return Shown(figure=figure)


def figure_10(find):
    """The output layer's weights with a normal and a Student's t distribution (Fig. 10)."""
    records = _records(find)
    if not records:
        return Shown()
    figure, panels = make_figure(len(records), xlabel="weight", columns=2)
    for axes, ((rule, dropout), record) in zip(panels, records.items(), strict=True):
        density, edges = density_of(record["histograms"][-1])
        axes.stairs(density, edges, fill=True, alpha=0.4, color=COLORS[rule, dropout])
        at = np.linspace(edges[0], edges[-1], 500)
        for family, line in {"norm": "k-", "t": "k:"}.items():
            fit = record[FITS][family]
            name = f"{NAMES[family]}, KS distance {fit['distance']:.3f}"
            axes.plot(at, getattr(stats, family).pdf(at, *fit["parameters"]), line, label=name)
        axes.set(title=f"{label(rule)}, dropout {dropout}, seed {record['seed']}", ylabel="density")
        axes.margins(y=0.3)  # for the legend
        axes.legend(loc="upper left", fontsize="small")
    return Shown(_fits_table(find), figure)


def density_of(histogram):
    """A histogram's density, and its edges."""
    counts = np.array(histogram["counts"])
    edges = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    return counts / counts.sum() / np.diff(edges), edges


def _records(find):
    """Of each network the record of the first seed whose weights are known, as finite ones are."""
    found = {key: find(cell) for key, cell in HE_NORMAL.items()}
    known = {key: _with_fits(result) for key, result in found.items() if result}
    return {key: records[0] for key, records in known.items() if records}


def _with_fits(result):
    return [record for record in result.records if FITS in record]


def _fits_table(find):
    rows = [
        (
            "rule", "dropout", "seeds", "deviation", "KS distance: normal", "Student's t",
            "degrees of freedom", "gain in log-likelihood a weight",
        )
    ]  # fmt: skip
    for (rule, dropout), cell in HE_NORMAL.items():
        result = find(cell)
        fits = [record[FITS] for record in _with_fits(result)] if result else []
        if fits:
            gain = [fit["t"]["log_likelihood"] - fit["norm"]["log_likelihood"] for fit in fits]
            freedom = [fit["t"]["parameters"][0] for fit in fits]
            many = f"above {MOST_FREEDOM}" if min(freedom) > MOST_FREEDOM else None
            rows.append(
                (
                    label(rule),
                    str(dropout),
                    str(len(fits)),
                    describe_spread([fit["norm"]["parameters"][1] for fit in fits], 4),
                    describe_spread([fit["norm"]["distance"] for fit in fits], 4),
                    describe_spread([fit["t"]["distance"] for fit in fits], 4),
                    many or describe_spread(freedom, 1),
                    describe_spread(gain, 4),
                )
            )
    return markdown_table(rows)

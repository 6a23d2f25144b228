"""What came out of a sweep: a row a setting and seed, a ranking, and a plot."""

import csv
import io

import numpy as np

from pepita_jax.plots import make_figure
from pepita_jax.storage.files import replace_file
from pepita_jax.tables import as_percent, markdown_table


def setting_rows(group, saved, settings):
    """A plain dict for each setting and seed of a group.

    Args:
        group: the `Group`.
        saved: its `SavedRun`, of which only the first seeds may be there.
        settings: of the whole sweep.
    """
    history = saved.history("metrics")
    figures = [name for name in history if name.startswith(("train", "validation", "test"))]
    rows = []
    for lane in range(saved.config["num_seeds"]):
        seed, number = divmod(lane, len(group.indices))
        index = group.indices[number]
        row = {"setting": index, **settings[index], "seed_number": seed}
        row |= {"epochs": saved.num_epochs}
        row |= {name: float(history[name][lane, -1]) for name in figures}
        row["diverged"] = bool(np.isnan(row["train_accuracy"]))
        rows.append(row)
    return rows


def write_csv(path, rows):
    """One tidy table, a row each; what is NaN or None, as where a seed has diverged, is empty."""
    text, rows = io.StringIO(), list(rows)
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row["setting"], row.get("seed_number"))):
        is_nan = lambda value: isinstance(value, float) and np.isnan(value)
        writer.writerow({name: "" if is_nan(value) else value for name, value in row.items()})
    replace_file(path, text.getvalue())


def rank(rows, settings, split):
    """Settings, best first: `{"setting", "mean", "std", "seeds", "diverged"}`, accuracies.

    The mean is over the seeds that have not diverged; a setting of which one has comes after all
    of which none has.
    """
    ranking = []
    for index in range(len(settings)):
        values = [row[f"{split}_accuracy"] for row in rows if row["setting"] == index]
        finite = np.array(values)[np.isfinite(values)]
        ranking.append(
            {
                "setting": index,
                "mean": float(finite.mean()) if len(finite) else None,
                "std": float(finite.std(ddof=1)) if len(finite) > 1 else None,
                "seeds": len(values),
                "diverged": len(values) - len(finite),
            }
        )
    return sorted(ranking, key=lambda r: (r["diverged"] > 0, -(r["mean"] or 0), r["setting"]))


def ranking_table(ranking, settings, split, most=20):
    """The first of a ranking as a table."""
    fields = list(dict.fromkeys(field for setting in settings for field in setting))
    rows = [("rank", *fields, f"{split} %", "seeds")]
    for place, row in enumerate(ranking[:most], 1):
        values = settings[row["setting"]]
        there = row["seeds"] - row["diverged"]
        seeds = f"{there} of {row['seeds']}" if row["diverged"] else str(row["seeds"])
        cells = (show_value(values.get(field, "")) for field in fields)
        rows.append((str(place), *cells, as_percent(row), seeds))
    more = f"\n\n({len(ranking) - most} more in the table on disk)" if len(ranking) > most else ""
    return markdown_table(rows) + more


def plot_sweep(path, ranking, settings, split):
    """A curve with its band for one numeric axis, a heat map for two; returns whether it drew."""
    fields = dict.fromkeys(field for setting in settings for field in setting)
    fields = [f for f in fields if len({repr(s.get(f)) for s in settings}) > 1]
    numeric = all(isinstance(s.get(f), (int, float)) for f in fields for s in settings)
    if len(fields) not in (1, 2) or not numeric:
        return False
    points = {tuple(settings[row["setting"]][f] for f in fields): row for row in ranking}
    percent = lambda row, name: np.nan if row[name] is None else 100 * row[name]
    figure, (axes,) = make_figure(1, xlabel=fields[-1])
    if len(fields) == 1:
        x = sorted(points)
        mean, std = (np.array([percent(points[at], n) for at in x]) for n in ("mean", "std"))
        at = np.ravel(x)
        (line,) = axes.plot(at, mean, marker="o")
        axes.fill_between(at, mean - std, mean + std, color=line.get_color(), alpha=0.2, lw=0)
        axes.set_xscale("log" if min(at) > 0 and max(at) >= 10 * min(at) else "linear")
        axes.set_ylabel(f"{split} accuracy (%), mean ± std over {ranking[0]['seeds']} seeds")
    else:
        ys, xs = (sorted({at[i] for at in points}) for i in (0, 1))
        cell = lambda y, x: percent(points[y, x], "mean") if (y, x) in points else np.nan
        means = np.array([[cell(y, x) for x in xs] for y in ys])
        # Outliers below (Tukey's) share a colour: else they took all the others' away.
        low, high = np.nanquantile(means, [0.25, 0.75])
        worst = max(np.nanmin(means), low - 1.5 * (high - low))
        image = axes.imshow(means, origin="lower", aspect="auto", vmin=worst)
        axes.set_xticks(range(len(xs)), map(show_value, xs))
        axes.set_yticks(range(len(ys)), map(show_value, ys))
        axes.set_ylabel(fields[0])
        axes.grid(False)
        for i, j in np.ndindex(means.shape):
            color = "black" if image.norm(means[i, j]) > 0.6 else "white"
            axes.text(j, i, f"{means[i, j]:.1f}", ha="center", va="center", color=color)
        figure.colorbar(image, extend="min", label=f"{split} accuracy (%), mean of seeds")
    figure.savefig(path, dpi=120)
    return True


def show_value(value):
    """A value as short text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)

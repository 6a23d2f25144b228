"""What tables and figures have in common: their runs, names, numbers and files."""

import re
from typing import Any, NamedTuple

import numpy as np

from pepita_jax.figures import plot_band, save_figure
from pepita_jax.files import replace_file
from pepita_jax.styles import rule_style
from pepita_jax.tables import as_percent
from pepita_jax.watching import decoration
from pepita_jax.words import counted


class Shown(NamedTuple):
    """A table in Markdown, a figure, or both."""

    table: str | None = None
    figure: Any = None

    def write(self, folder, name, document=""):
        """Writes `NAME.md` and `NAME.svg`; returns the names of the files written.

        A table gets no file of its own if the folder's document has a place for it.
        """
        written = []
        if self.table and not place_of(name).search(document):
            written.append(f"{name}.md")
            replace_file(folder / f"{name}.md", self.table + "\n")
        if self.figure:
            file = folder / f"{name}.svg"
            with decoration(file):
                save_figure(self.figure, file)
                written.append(file.name)
        return written


def fill_in(text, tables):
    """A document with tables in their places, see `place_of`.

    Args:
        text: of the document.
        tables: `{name: Markdown}`. A table without a place is left out. A place without an end is
            left as it is.
    """
    for name, table in tables.items():
        fill = lambda found, table=table: f"{found[1]}\n{table}\n\n{found[3]}"
        text = place_of(name).sub(fill, text)
    return text


def place_of(name):
    """The place of a table in a document: the text from `<!-- NAME -->` to `<!-- end -->`."""
    return re.compile(rf"(<!-- {name} -->\n)((?:(?!<!--).)*)(<!-- end -->)", re.DOTALL)


def plot_test_curve(axes, result, name, **style):
    """Plots a band of test accuracy over epochs, in the rule's style or another.

    The legend gives seeds and epochs after the name.
    """
    curve = 100 * result.history("metrics")["test_accuracy"]
    name = f"{name} ({describe_size(result)})"
    style = style or rule_style(rule_of(result))
    plot_band(axes, np.arange(1, curve.shape[1] + 1), curve, name, **style)
    axes.set_ylabel("test accuracy (%), mean ± std")


def results_of(runs, find):
    """`Result`s of the runs that have been trained, each once.

    Args:
        runs: `PaperRun`s.
        find: `PaperRun -> Result`, or None if there are no results.
    """
    found = [find(run) for run in runs]
    return list({result.run: result for result in found if result}.values())


def label(rule):
    """A rule's name as the paper writes it."""
    return "F = 0" if rule == "shallow" else rule.upper()


def rule_of(result):
    """The name of a result's rule."""
    return result.config["rule"]["name"]


def words_of(result):
    """The names of a result's rule, model and data set."""
    config = result.config
    return config["rule"]["name"], config["model"]["name"], config["dataset"]


def describe_accuracy(values):
    """Fractions as `mean ± std` in %."""
    std = float(values.std(ddof=1)) if len(values) > 1 else None
    return as_percent({"mean": float(values.mean()) if len(values) else None, "std": std})


def describe_spread(values, decimals):
    """Values of the seeds, `[S]`, as `mean ± std`; values that are not finite are left out."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if not len(values):
        return "-"
    mean = f"{values.mean():.{decimals}f}"
    return f"{mean} ± {values.std(ddof=1):.{decimals}f}" if len(values) > 1 else mean


def describe_seeds(result):
    """The number of seeds in a result's means, in words."""
    there, trained = len(result.test_accuracy), len(result.seeds)
    return str(there) if there == trained else f"{there} of {trained}, others diverged"


def describe_size(result):
    """Numbers of seeds and epochs, for a legend."""
    there, diverged = len(result.test_accuracy), len(result.seeds) - len(result.test_accuracy)
    more = f", {diverged} diverged" if diverged else ""
    return f"{counted(there, 'seed')}, {counted(result.epochs, 'epoch')}{more}"

"""Compares runs: prints a table, and writes a page and a plot.

    python -m experiments.report runs/demo/bp runs/demo/pepita --out=report.html --plot=runs.png

The arguments are workdirs, or results of `experiments.reproduce`: their folder, or the file of one
run. The page is one file that needs nothing else. It opens on a verdict: what agrees with a paper,
or which runs differ. Then come tables that sort, curves of every seed, figures and configurations.
The plot shows the test curves of all runs, and beside them each run's paired difference from the
baseline with its 95 % interval and p value.

With --baseline=DIR the command compares each run's test accuracy with the baseline's, seed by seed.
Runs with the same `seed` on the same data share their data order. If their networks are the same,
they share their initial weights too. The difference is a mean with its 95 % interval by Student's
t. Seeds that diverged in either run are left out. There is no interval if only one pair is left, or
if all pairs differ by the same number. Without --baseline, the page and the plot compare with the
first run.
"""

import json

from absl import flags

from experiments.command_line import cli
from experiments.reporting.comparison import draw_comparison
from experiments.reporting.page import make_page
from experiments.reporting.pairing import compare
from experiments.reporting.reports import read_documents, read_reports
from experiments.reporting.verdict import judge_documents, judge_runs
from pepita_jax.errors import require
from pepita_jax.figures import save_figure
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.runs.rows import as_json
from pepita_jax.tables import summary_table
from pepita_jax.watching import require_printed

OUT = flags.DEFINE_string("out", None, "HTML file to write (extra: report)")
BASELINE = flags.DEFINE_string(
    "baseline", None, "workdir that the others are compared with; it has a row too"
)
PLOT = flags.DEFINE_string("plot", None, "file for a plot of all runs: .png, .svg or .pdf")
JSON = flags.DEFINE_string(
    "json", None, "file for the configurations and the figures of every epoch"
)
EPOCH = flags.DEFINE_integer("epoch", None, "epoch to show; default: each run's last", 1)
NUM_SEEDS = flags.DEFINE_integer("num_seeds", None, "number of seeds to show; default: all", 1)
DECIMALS = 6


def main(arguments):
    require(arguments, "which runs? Give their workdirs")
    for path in filter(None, (OUT.value, JSON.value, PLOT.value)):
        user_path(path)  # which refuses an address before there is anything to lose
    read = lambda path: read_reports(path, EPOCH.value, NUM_SEEDS.value)
    reports = [report for path in arguments for report in read(path)]
    differences, baseline = [], None
    if BASELINE.value:
        (baseline, *others) = read(BASELINE.value)
        require(not others, f"--baseline={BASELINE.value} holds several runs: name one")
        is_there = any(user_path(report.name) == user_path(baseline.name) for report in reports)
        reports += [] if is_there else [baseline]
        differences = [str(compare(report, baseline)) for report in reports]
    more = {"workdir": [report.name for report in reports]}
    more |= {"difference, 95 % interval": differences} if differences else {}
    print(summary_table([report.summary for report in reports], more))
    if JSON.value:
        write(JSON.value, as_lines(reports))
    if OUT.value:
        documents = [document for path in arguments for document in read_documents(path)]
        verdicts = judge_documents(documents)
        verdicts += judge_runs(reports, baseline) if baseline or not documents else []
        write(OUT.value, make_page(reports, differences, documents, verdicts))
        print(f"\n{OUT.value}: to be opened in a browser")
    if PLOT.value:
        plot(PLOT.value, draw_comparison(reports, baseline))
        print(f"\n{PLOT.value}")
    require_printed()


def write(path, text):
    """Writes a file that the user has named."""
    path = user_path(path)
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)


def plot(path, figure):
    """Writes a figure to a file that the user has named."""
    path = user_path(path)
    kinds = sorted(figure.canvas.get_supported_filetypes())
    message = f"--plot={path.name} must end with one of {', '.join(kinds)}"
    require(path.suffix.removeprefix(".") in kinds, message)
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, path)


def as_lines(reports):
    """Configuration, versions and every epoch's figures of every seed as JSON, one line per run."""
    results = []
    for report in reports:
        fields = {
            "seeds": report.seeds,
            "config": report.config,
            "environment": report.environment,
            "history": _as_lists(report.history),
            "alignment": _as_lists(report.alignment),
            "seconds": report.seconds,
        }
        results.append(json.dumps(fields, allow_nan=False))
    return "[\n" + ",\n".join(results) + "\n]\n"


def _as_lists(figures):
    return {name: as_json(values.round(DECIMALS)) for name, values in figures.items()}


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

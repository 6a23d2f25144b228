"""A table of runs side by side, and their differences from one of them.

    python -m experiments.report DIR [DIR ...] [--baseline=DIR] [--json=FILE]
        [--epoch=N] [--num_seeds=N]

With --baseline each run's test accuracy is compared with that run's, seed by seed: runs of one
`seed` on the same data share their data order and, where the networks are the same, their initial
weights. The difference is a mean with its 95 % interval by Student's t, over the seeds of which
neither has diverged.
"""

import json
from typing import NamedTuple

import numpy as np
from absl import flags

from experiments import cli
from pepita_jax.errors import require
from pepita_jax.run import summarize
from pepita_jax.storage.files import file_errors, replace_file, user_path
from pepita_jax.storage.rows import as_json
from pepita_jax.storage.workdir import Workdir
from pepita_jax.tables import summary_table

BASELINE = flags.DEFINE_string("baseline", None, "workdir that the others are compared with")
JSON = flags.DEFINE_string("json", None, "file for configurations and figures of every epoch")
EPOCH = flags.DEFINE_integer("epoch", None, "epoch to show; each run's last by default", 1)
NUM_SEEDS = flags.DEFINE_integer("num_seeds", None, "how many seeds to show; all by default", 1)
DECIMALS = 6
PAIRED = ("dataset", "seed", "num_epochs", "validation_fraction", "whiten", "batch_size")


class Report(NamedTuple):
    """What is shown of a run: the seeds and epochs asked for."""

    config: dict
    environment: dict
    history: dict[str, np.ndarray]
    alignment: dict[str, np.ndarray]
    seconds: float


def main(arguments):
    require(arguments, "which runs? Give their workdirs")
    reports = [read_report(path) for path in arguments]
    more = {"workdir": arguments}
    if BASELINE.value:
        baseline = read_report(BASELINE.value)
        differences = [describe_difference(report, baseline) for report in reports]
        more["difference, 95 % interval"] = differences
    if JSON.value:
        write_results(user_path(JSON.value), reports)
    print(summary_table([summarize(r.config, r.history, r.seconds) for r in reports], more))


def read_report(path):
    saved = Workdir(path).read()
    message = f"{path} holds settings of a sweep: its figures are in sweep.csv, a folder up"
    require("settings" not in saved.config, message)
    config, done = saved.config, saved.num_epochs
    last, seeds = EPOCH.value or config["num_epochs"], NUM_SEEDS.value or config["num_seeds"]
    require(last <= done, f"the run in {path} is at epoch {done}, not yet at {last}; see --epoch")
    message = f"the run in {path} has {config['num_seeds']} seeds, not {seeds}"
    require(seeds <= config["num_seeds"], message)
    shown = lambda name: {n: v[:seeds] for n, v in saved.history(name, last).items()}
    alignment = shown("alignment") if config["log_alignment"] else {}
    config = config | {"num_epochs": last, "num_seeds": seeds}
    return Report(config, saved.environment, shown("metrics"), alignment, saved.seconds(last))


def describe_difference(report, baseline):
    """Points of accuracy that the seeds of a run and of the baseline differ by."""
    from scipy.stats import ttest_rel

    for field in PAIRED:
        pair = report.config.get(field), baseline.config.get(field)
        message = f"runs cannot be compared seed by seed: {field} is {pair[0]!r} and {pair[1]!r}"
        require(pair[0] == pair[1], message)
    one, other = (r.history["test_accuracy"][:, -1] for r in (report, baseline))
    message = f"runs of {len(one)} and {len(other)} seeds: give --num_seeds to compare the first"
    require(len(one) == len(other), message)
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return "-"
    one, other = one[both], other[both]
    mean = f"{100 * np.mean(one - other):+.2f}"
    pairs = "" if both.all() else f", {both.sum()} pairs"
    if len(one) < 2 or np.ptp(one - other) == 0:
        return mean + pairs
    low, high = ttest_rel(one, other).confidence_interval(0.95)
    return f"{mean} [{100 * low:+.2f}, {100 * high:+.2f}]{pairs}"


def write_results(path, reports):
    """Configuration, versions and every epoch's figures of every seed: a run a line."""
    results = []
    for report in reports:
        fields = report._asdict()
        for part in ("history", "alignment"):
            fields[part] = {n: as_json(v.round(DECIMALS)) for n, v in fields[part].items()}
        results.append(json.dumps(fields, allow_nan=False))
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, "[\n" + ",\n".join(results) + "\n]\n")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

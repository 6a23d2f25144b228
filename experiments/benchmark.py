"""Measures how fast training is on this machine, and how near that is to the machine's limits.

    python -m experiments.benchmark --only=mlp,mnist,pepita

takes some minutes; without --only it measures all shapes and rules. Run nothing else on the machine
meanwhile, because other work distorts the figures.

The words after --only select models (mlp and conv unless others are named, such as lenet5 and
vgg5), shapes of images (mnist, cifar) and rules. The command always measures the step of bp,
because it compares the other rules with it. If PyTorch is installed (the extra `bench`), the
command compares with it too. --full measures layouts, starts and epochs for all shapes, and how the
time grows with seeds, network and data.

The networks are those of Table 2, with ReLU and softmax for every rule. The images are random.
Cases that are compared take turns, with one block of steps per turn. The time of a step is the
median over the blocks. A ratio compares blocks of the same turn. An epoch is timed once. Operations
are those of the rule's products and convolutions (`benchmarks/operations.py`).
"""

import importlib.util
import json
from itertools import product

import jax
from absl import flags

from configs.presets import MODEL
from experiments.benchmarks.epochs import measure_epoch
from experiments.benchmarks.growth import measure_growth, plot_growth
from experiments.benchmarks.machine import bandwidth, matrix_peak
from experiments.benchmarks.operations import step_operations
from experiments.benchmarks.starts import measure_starts
from experiments.benchmarks.steps import SHAPES, Case, case_seconds, milliseconds, ratio
from experiments.command_line import cli
from pepita_jax.errors import require, require_name
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.networks.models import MODELS
from pepita_jax.rules import RULES, build_rule
from pepita_jax.runs.workdir import describe_environment
from pepita_jax.tables import markdown_table

ONLY = flags.DEFINE_list("only", [], "models, shapes and rules to measure; default: all")
FULL = flags.DEFINE_bool("full", False, "measure all shapes in every section, and growth")
JSON = flags.DEFINE_string("json", None, "file for all figures; with --full also a plot beside it")
MANY_CLASSES = 100
BENCHMARKED = [model for model in MODELS if model != "chain"]  # chain has no layers of its own


def main(arguments):
    cli.refuse(arguments)
    for word in ONLY.value:
        require_name("--only", word, (*BENCHMARKED, *SHAPES, *RULES))
    for rule in set(ONLY.value) & set(RULES):
        why = [unsuited(rule, *net) for net in chosen_nets()]
        require(not all(why), f"--only: {rule} {why[0]}, and no network to be measured has that")
    figures = {"environment": describe_environment()}
    save = lambda: JSON.value and write_json(user_path(JSON.value), figures)
    save()  # finds out now, and not in some minutes, whether the file can be written
    for section, rows in measure():
        figures.setdefault(section, []).extend(rows)
        show(section, rows)
        save()


def measure():
    """Yields `(section, rows)`; a section may come in several parts."""
    models, shapes, rules, nets = chosen_models(), chosen(SHAPES), chosen(RULES), chosen_nets()
    some = nets if FULL.value else list(product(models, shapes[:1]))
    suited = [rule for rule in rules if not any(unsuited(rule, *net) for net in nets)]
    main_rules = [rule for rule in ("bp", "pepita") if rule in rules] or suited[:1] or ["bp"]
    peak = matrix_peak()
    yield "machine", [{"GFLOP/s": peak / 1e9, "GB/s": bandwidth() / 1e9}]
    for net in nets:
        yield "steps", compare_rules(*net, rules, peak)
    for model in models:
        yield "100 classes", compare_rules(model, shapes[-1], main_rules, peak, MANY_CLASSES)
    if importlib.util.find_spec("torch"):
        from experiments.benchmarks.torch_loops import compare_with_torch

        for model, shape in nets:
            if model in MODEL:
                yield "PyTorch", compare_with_torch(model, shape, main_rules)
    for net in some:
        yield "layouts", compare_layouts(*net, main_rules[-1])
        yield "starts", [measure_starts(*net, main_rules[-1])]
        yield "epochs", [measure_epoch(Case(*net, main_rules[0]))]
    if FULL.value:
        rows = measure_growth(main_rules)
        yield "growth", rows
        if JSON.value:
            plot_growth(rows, user_path(JSON.value).with_suffix(".png"))


def chosen(words):
    """The `words` that --only names; all of them if it names none."""
    return [w for w in words if w in ONLY.value] or list(words)


def chosen_models():
    return [model for model in BENCHMARKED if model in ONLY.value] or list(MODEL)


def chosen_nets():
    """`(model, shape)` of each network to measure."""
    return list(product(chosen_models(), chosen(SHAPES)))


def unsuited(rule, model, shape):
    """The reason why a rule cannot be measured on a network; None if it can."""
    return RULES[rule].unsuited(Case(model, shape, rule).net)


def compare_rules(model, shape, rules, peak, num_classes=10):
    """A row for bp and each rule that suits the network; `peak` in operations per second."""
    rules = [rule for rule in dict.fromkeys(["bp", *rules]) if not unsuited(rule, model, shape)]
    cases = {
        rule: [Case(model, shape, rule, n, num_classes=num_classes) for n in (1, 10)]
        for rule in rules
    }
    seconds = case_seconds([case for pair in cases.values() for case in pair])
    rows = []
    for rule, (one, ten) in cases.items():
        ms = milliseconds(seconds[ten])
        rate = step_operations(build_rule(rule, ten.net), ten.batch_size) / (ms / 1e3)
        figures = {
            "ms, 1 seed": milliseconds(seconds[one]),
            "ms, 10 seeds": ms,
            "10 / 1": ratio(seconds[ten], seconds[one]),
            "/ bp": ratio(seconds[ten], seconds[cases["bp"][1]]),
            "GFLOP/s": rate / 1e9,
            "of peak": rate / peak,
        }
        rows.append({"model": model, "shape": shape, "rule": rule, **figures})
    return rows


def compare_layouts(model, shape, rule):
    """A row for each layout of ten seeds."""
    layouts = product((1, None), (1, 2, 0))
    cases = [Case(model, shape, rule, 10, at_once, devices) for devices, at_once in layouts]
    return [
        {
            **{"model": model, "shape": shape, "rule": rule},
            "devices": case.num_devices or len(jax.devices()),
            "seeds_at_once": case.seeds_at_once,
            "ms": milliseconds(seconds),
        }
        for case, seconds in case_seconds(cases).items()
    ]


def show(title, rows):
    """Prints rows of equal keys as a table."""
    cell = lambda value: f"{value:.3g}" if isinstance(value, float) else str(value)
    table = [tuple(rows[0]), *(tuple(map(cell, row.values())) for row in rows)]
    print(f"\n{title}\n\n{markdown_table(table)}", flush=True)


def write_json(path, figures):
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(figures, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

"""How fast training is on this machine, and how near to what the machine can do.

    python -m experiments.benchmark [--only=mlp,mnist,pepita] [--json=FILE]

Step times are medians of blocks that take turns, on random images, with the networks of Table 2
(ReLU and softmax for every rule); an epoch is timed once. Operations are counted from the rules'
equations (`benchmarks/operations.py`). Words after --only choose models (mlp, conv), shapes (mnist,
cifar) and rules; bp, with which rules are compared, is always among them. Leave the machine to it:
other work beside it spoils the figures.
"""

import json
from pathlib import Path

from absl import flags

from experiments import cli
from experiments.benchmarks import epochs, machine, steps
from experiments.benchmarks.operations import step_operations
from pepita_jax.errors import UserError, require_name
from pepita_jax.rows import replace_file
from pepita_jax.rules import RULES
from pepita_jax.tables import markdown_table
from pepita_jax.workdir import describe_environment

ONLY = flags.DEFINE_list("only", [], "models, shapes and rules to measure; all by default")
JSON = flags.DEFINE_string("json", None, "file for all figures")
MANY = 10  # seeds
WORDS = (*steps.NETWORKS, *steps.SHAPES, *RULES)


def main(arguments):
    cli.refuse(arguments)
    for word in ONLY.value:
        require_name("--only", word, WORDS)
    figures = {"environment": describe_environment(), "machine": measure_machine()}
    peak = 1e9 * figures["machine"]["GFLOP/s"]
    figures["steps"] = [row for net in chosen_nets() for row in measure_steps(*net, peak)]
    figures["layouts"] = [row for net in chosen_nets() for row in measure_layouts(*net)]
    figures["epochs"] = [measure_epoch(*net) for net in chosen_nets()]
    show("Epochs of bp, ten seeds", figures["epochs"])
    if JSON.value:
        write_json(Path(JSON.value).expanduser(), figures)


def write_json(path, figures):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(figures, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror})") from error


def chosen(words):
    """Those of `words` that --only names; all if it names none of them."""
    return [w for w in words if w in ONLY.value] or list(words)


def chosen_nets():
    return [(model, shape) for model in chosen(steps.NETWORKS) for shape in chosen(steps.SHAPES)]


def measure_machine():
    found = {"GFLOP/s": machine.matrix_peak() / 1e9, "GB/s": machine.bandwidth() / 1e9}
    show("This machine: a large matrix product, a large copy", [found])
    return found


def measure_steps(model, shape, peak):
    """A row for each rule: one seed and ten; `peak` in operations a second."""
    rules = list(dict.fromkeys(["bp", *chosen(RULES)]))
    cases = {r: [steps.Case(model, shape, r, n) for n in (1, MANY)] for r in rules}
    seconds = steps.step_seconds([case for pair in cases.values() for case in pair])
    rows = []
    for rule, (one, many) in cases.items():
        net, batch_size = many.net, steps.BATCH_SIZE[model]
        rate = step_operations(rule, net, batch_size) / seconds[many]
        rows.append(
            {
                "model": model,
                "shape": shape,
                "rule": rule,
                "ms, 1 seed": 1e3 * seconds[one],
                "ms, 10 seeds": 1e3 * seconds[many],
                "10 / 1": seconds[many] / seconds[one],
                "/ bp": seconds[many] / seconds[cases["bp"][1]],
                "GFLOP/s": rate / 1e9,
                "of peak": rate / peak,
            }
        )
    show(f"A step and seed: {model}, {shape}", rows)
    return rows


def measure_layouts(model, shape):
    """A row for each layout of ten seeds."""
    layouts = [(devices, at_once) for devices in (1, None) for at_once in (1, 2, 0)]
    cases = {
        layout: steps.Case(model, shape, "pepita", MANY, layout[1], layout[0]) for layout in layouts
    }
    seconds = steps.step_seconds(cases.values())
    rows = [
        {
            "model": model,
            "shape": shape,
            "devices": "one" if devices else "all",
            "seeds_at_once": at_once,
            "ms, 10 seeds": 1e3 * seconds[case],
        }
        for (devices, at_once), case in cases.items()
    ]
    show(f"Layouts of the seed axis: pepita, {model}, {shape}", rows)
    return rows


def measure_epoch(model, shape):
    """Wall time of an epoch of bp, and what it takes beyond the steps."""
    case = steps.Case(model, shape, "bp", MANY)
    return {"model": model, "shape": shape, **epochs.epoch_seconds(case)}


def show(title, rows):
    """Prints rows of equal keys as a table."""
    cell = lambda value: f"{value:.3g}" if isinstance(value, float) else str(value)
    table = [tuple(rows[0]), *(tuple(map(cell, row.values())) for row in rows)]
    print(f"\n{title}\n\n{markdown_table(table)}", flush=True)


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

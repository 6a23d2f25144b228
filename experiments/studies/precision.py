"""Measures how much of PEPITA's signal the coarse matrix products of accelerators keep.

    python -m experiments.studies.precision --out=runs/precision

PEPITA learns from the small difference of two passes. Accelerators round the operands of a float32
product to 10 bits of mantissa (TF32) or 7 (bfloat16). This study rounds them on the CPU, for two
forms of the rule: two whole passes, and the network's own form, which computes their difference
(`Network.forward_and_move`). It trains the network of Table 2 for MNIST, which has to be prepared,
in both forms and all formats. Before training and after each epoch it compares the hidden layer's
update with the same update in float64, on the training set's first batch. It writes
`precision.json` and `precision.png`.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags

from configs.default import get_config
from experiments.benchmarks.rounding import FORMS, MANTISSA_BITS, hidden_error, rounded_rule
from experiments.command_line import cli
from pepita_jax.data.images import to_float
from pepita_jax.figures import make_figure, plot_band
from pepita_jax.files import file_errors, replace_file, user_path
from pepita_jax.runs.experiment import build_experiment
from pepita_jax.runs.workdir import describe_environment
from pepita_jax.styles import COLORS, MARKERS
from pepita_jax.training.loop import epochs
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.watching import decoration

CONFIG = "pepita,mlp,mnist"
OUT = flags.DEFINE_string("out", "experiments/studies/results/precision", "folder of the results")
EPOCHS = flags.DEFINE_integer("epochs", 5, "epochs to train", lower_bound=1)
SEEDS = flags.DEFINE_integer("seeds", 3, "seeds to train", lower_bound=1)


def main(arguments):
    cli.refuse(arguments)
    folder = user_path(OUT.value)
    with file_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    config = get_config(CONFIG).to_dict()
    experiment = build_experiment(config)
    figures = []
    for form in FORMS:
        for number_format in MANTISSA_BITS:
            measured = train(experiment, config["batch_size"], form, number_format)
            figures.append({"form": form, "format": number_format, **measured})
            error, accuracy = (100 * np.mean(values[-1]) for values in measured.values())
            print(f"{form}, {number_format}: error {error:.3g} %, accuracy {accuracy:.2f} %")
    content = {"config": config, "environment": describe_environment(), "figures": figures}
    replace_file(folder / "precision.json", json.dumps(content, indent=1) + "\n")
    with decoration(folder / "precision.png"):
        plot(figures, folder / "precision.png")


def train(experiment, batch_size, form, number_format):
    """`{"error": [1 + epochs][S], "test_accuracy": [epochs][S]}` of one form and format."""
    data, keys = experiment.data, seed_keys(0, SEEDS.value)
    rule = rounded_rule(experiment.rule.net, form, number_format)
    trainer = SeedTrainer(rule, experiment.optimizer, data.train, batch_size, keys)
    image, label = (jnp.asarray(x[:batch_size]) for x in data.train)

    def errors(states):
        seeds = [jax.tree.map(lambda x, k=k: np.asarray(x[k]), states) for k in range(len(keys))]
        return [hidden_error(rule, s.params, s.feedback, to_float(image), label) for s in seeds]

    states = trainer.init()
    measured = {"error": [errors(states)], "test_accuracy": []}
    for epoch in epochs(trainer, states, {"test": data.test}, 1, EPOCHS.value):
        measured["error"].append(errors(epoch.states))
        measured["test_accuracy"].append(epoch.metrics["test_accuracy"].tolist())
    return measured


def plot(figures, path):
    """Draws error and accuracy over epochs, one line per form and format."""
    figure, (left, right) = make_figure(2)
    for row in figures:
        style = {
            "color": COLORS[list(MANTISSA_BITS).index(row["format"])],
            "marker": MARKERS[list(MANTISSA_BITS).index(row["format"])],
            "linestyle": ("--", "-")[list(FORMS).index(row["form"])],
        }
        for axes, name, first in ((left, "error", 0), (right, "test_accuracy", 1)):
            values = 100 * np.array(row[name]).T
            epoch = np.arange(first, first + values.shape[1])
            plot_band(axes, epoch, values, f"{row['form']}, {row['format']}", **style)
    left.set_yscale("log")
    seeds = np.shape(figures[0]["error"])[1]
    figure.suptitle(f"PEPITA on MNIST in coarse matrix products, mean ± std over {seeds} seeds")
    left.set_ylabel("relative error of the hidden update (%)")
    right.set_ylabel("test accuracy (%)")
    right.legend()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

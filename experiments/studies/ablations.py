"""Ablations: what could explain a disagreement with the paper, judged on a validation split.

    python -m experiments.studies.ablations drtp --dataset=cifar10 --epochs=10 --num_seeds=4
    python -m experiments.studies.ablations whitening --dataset=mnist
    python -m experiments.studies.ablations "whitening:*scaled*, learning rate 0.01" --dataset=mnist

drtp: the paper's column was made with the program of that rule's authors, whose networks differ
from the paper's description. Each row takes over one difference, and "all of these" takes over
all. (The program's networks also have biases, which these lack.) The last row sums the paper's
loss, binary cross-entropy, over the classes; the program has the mean over the classes.

drtp_conv, fa_conv, bp_conv: the same for the convolutional networks of Table 2, with the rules
that the paper trained with this program.

filters: the program of PEPITA's authors for convolutional networks gives the filters' update
the opposite sign, and divides it by the batch's size twice.

whitening: the paper takes its whitening of Table 4 from a tutorial whose last step scales the
images to [0, 1]; the paper does not say whether it kept that step.

The part after a colon selects networks by name; * stands for anything.

The command trains the network of Table 2 (`mlp`; `conv` for filters and the names that end in
conv) on nine tenths of the training set, and shows its accuracy on the last tenth. It does not use
the test set.
"""

import sys
from fnmatch import fnmatchcase

from absl import flags

from experiments.command_line import cli
from experiments.papers.pepita.show import describe_accuracy
from experiments.studies.ablation_runs import SETS, TABLES, ablations_on, train
from pepita_jax.errors import require, require_name
from pepita_jax.tables import markdown_table

DATASET = flags.DEFINE_enum("dataset", "cifar10", SETS, "data set to train on")
EPOCHS = flags.DEFINE_integer("epochs", 10, "epochs to train each network", 1)
SEEDS = flags.DEFINE_integer("num_seeds", 4, "seeds of each network", 1)


def main(arguments):
    valid = f"Valid: {', '.join(TABLES)}"
    require(len(arguments) == 1, f"give one table of ablations, not {len(arguments)}. {valid}")
    table, _, pattern = arguments[0].partition(":")
    require_name("table of ablations", table, TABLES)
    ablations = ablations_on(DATASET.value, table)
    wanted = [name for name in ablations if fnmatchcase(name, pattern or "*")]
    require(wanted, f"{table} has no network {pattern!r}; valid: {'; '.join(ablations)}")
    rows = [("network", "epoch 1", f"epoch {EPOCHS.value}")]
    for name in wanted:
        accuracy = train(DATASET.value, ablations[name], EPOCHS.value, SEEDS.value)
        rows.append((name, *map(describe_accuracy, (accuracy[0], accuracy[-1]))))
        print(f"{name}: {rows[-1][-1]} %", file=sys.stderr)
    print(f"accuracy on the validation split (%), {SEEDS.value} seeds:\n\n{markdown_table(rows)}")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

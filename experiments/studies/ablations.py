"""What could be behind a disagreement with the paper, judged on a validation split.

    python -m experiments.studies.ablations drtp --dataset=cifar10 --epochs=10 --num_seeds=4
    python -m experiments.studies.ablations whitening --dataset=mnist
    python -m experiments.studies.ablations "whitening:*scaled*, rate 0.01" --dataset=mnist

drtp: the paper's column was made with the program of that rule's authors, whose networks are not
quite those that the paper describes. Each row takes over one difference, "all of these" all. (The
program's networks also have biases, which these lack.) The last row is the paper's loss, binary
cross-entropy, summed over the classes; the program has their mean.

drtp_conv, fa_conv, bp_conv: so too in the convolutional networks of Table 2, of the rules that the
paper trained with this program.

filters: the program of PEPITA's authors for convolutional networks gives the filters' update
the opposite sign, and divides it by the batch's size twice.

whitening: the paper takes its whitening of Table 4 from a tutorial that in the end scales the
images to [0, 1]; the paper does not say whether this was kept.

After a colon: only the networks of that name, in which * stands for anything.

The network of Table 2 (`mlp`; `conv` for filters and what ends in conv) is trained on nine tenths
of the training set, and its accuracy is that on the last tenth. The test set is not used.
"""

import sys
from fnmatch import fnmatchcase

from absl import flags

from experiments.command_line import cli
from experiments.papers.pepita.show import describe_accuracy
from experiments.studies.ablation_runs import ABLATIONS, SETS, ablations_on, train
from pepita_jax.errors import require, require_name
from pepita_jax.tables import markdown_table

DATASET = flags.DEFINE_enum("dataset", "cifar10", SETS, "what is trained on")
EPOCHS = flags.DEFINE_integer("epochs", 10, "of each network's training", 1)
SEEDS = flags.DEFINE_integer("num_seeds", 4, "networks of each kind", 1)


def main(arguments):
    valid = f"Valid: {', '.join(ABLATIONS)}"
    require(len(arguments) == 1, f"one ablation at a time, not {len(arguments)}. {valid}")
    ablation, _, pattern = arguments[0].partition(":")
    require_name("ablation", ablation, ABLATIONS)
    differences = ablations_on(DATASET.value, ablation)
    wanted = [name for name in differences if fnmatchcase(name, pattern or "*")]
    require(wanted, f"{ablation} has no network {pattern!r}; valid: {'; '.join(differences)}")
    rows = [("network", "epoch 1", f"epoch {EPOCHS.value}")]
    for name in wanted:
        accuracy = train(DATASET.value, differences[name], EPOCHS.value, SEEDS.value)
        rows.append((name, *map(describe_accuracy, (accuracy[0], accuracy[-1]))))
        print(f"{name}: {rows[-1][-1]} %", file=sys.stderr)
    print(f"accuracy on the validation split (%), {SEEDS.value} seeds:\n\n{markdown_table(rows)}")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

"""All rules on one network: after as many epochs, and for as many operations.

    python -m experiments.studies.all_rules --workdir=DIR [--dataset=mnist] [--model=mlp]

Each rule is trained as its preset says, in a folder of its own in DIR. What is there already is not
trained again. Operations are those of a step's products and convolutions, times `bp`'s. --budget
is how many epochs of `bp` a rule's operations may be worth; it trains for as many epochs as come
nearest to that, at least one.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags

from configs.default import get_config
from experiments.benchmarks.operations import step_operations
from experiments.command_line import cli, signals
from pepita_jax.errors import require
from pepita_jax.files import user_path
from pepita_jax.rules import RULES, Rule
from pepita_jax.rules.bp import BP
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.load import load_run
from pepita_jax.runs.run import run
from pepita_jax.tables import as_percent, markdown_table
from pepita_jax.types import Batch

WORKDIR = flags.DEFINE_string("workdir", None, "folder with a run for each rule")
RULES_FLAG = flags.DEFINE_list("rules", list(RULES), "rules, separated by commas")
MODEL = flags.DEFINE_string("model", "mlp", "model of the preset")
DATASET = flags.DEFINE_string("dataset", "mnist", "data set")
NUM_SEEDS = flags.DEFINE_integer("num_seeds", 10, "seeds of each rule", lower_bound=1)
NUM_EPOCHS = flags.DEFINE_integer("num_epochs", 5, "epochs of the first table", lower_bound=1)
BUDGET = flags.DEFINE_float("budget", 10.0, "epochs of bp that the second table is worth")
TRAIN = flags.DEFINE_bool("train", True, "train what is missing; else only show what is there")


class Cost(NamedTuple):
    """What an update of one seed costs.

    Attributes:
        operations: times `bp`'s on the same network.
        memory: of temporary arrays, in MiB; the compiler's estimate.
    """

    operations: float
    memory: float

    def epochs(self, budget: float) -> int:
        """How many epochs are nearest to the operations of `budget` epochs of `bp`."""
        return max(1, round(budget / self.operations))


def main(arguments):
    cli.refuse(arguments)
    require(WORKDIR.value, "--workdir=DIR is needed")
    folder, rules = user_path(WORKDIR.value), chosen_rules()
    costs = {name: measure(rule, config["batch_size"]) for name, (rule, config) in rules.items()}
    if TRAIN.value:
        with signals.stopping_gently() as should_stop:
            for name, (_, config) in rules.items():
                config["num_epochs"] = max(NUM_EPOCHS.value, costs[name].epochs(BUDGET.value))
                if not should_stop():
                    run(config, folder / name, should_stop)
    runs = {name: load_run(folder / name) for name in rules if (folder / name).exists()}
    network, epochs, budget = f"{MODEL.value} on {DATASET.value}", NUM_EPOCHS.value, BUDGET.value
    by_epochs, by_budget = equal_epochs(runs, costs, epochs), equal_budget(runs, costs, budget)
    print(f"\n{network}, after {epochs} epochs\n\n{markdown_table(by_epochs)}")
    print(f"\n{network}, for the operations of {budget:g} epochs of bp\n")
    print(markdown_table(by_budget), flush=True)


def chosen_rules() -> dict[str, tuple[Rule, dict]]:
    """`{name: (rule, configuration)}` of the rules that suit the network."""
    found = {}
    for name in RULES_FLAG.value:
        config = get_config(f"{name},{MODEL.value},{DATASET.value}").to_dict()
        net = build_rule_on_network(config | {"rule": {"name": "bp"}}).net
        if why := RULES[name].unsuited(net):
            print(f"{name} {why}", flush=True)
            continue
        config |= {"num_seeds": NUM_SEEDS.value, "log_alignment": True}
        found[name] = build_rule_on_network(config), config
    return found


def measure(rule: Rule, size: int) -> Cost:
    """The `Cost` of a rule on its network, for batches of this size."""
    net = rule.net
    batch = Batch(jnp.zeros((size, *net.input_shape)), jnp.zeros(size, int), jax.random.key(0))
    shapes = jax.eval_shape(rule.init, batch.key)
    compiled = jax.jit(rule.pseudo_gradients).lower(*shapes, batch).compile()
    ratio = step_operations(rule, size) / step_operations(BP(net), size)
    return Cost(ratio, compiled.memory_analysis().temp_size_in_bytes / 2**20)


def equal_epochs(runs, costs, last):
    """The first table: rows of strings, the best rule first."""
    headings = ("rule", "test %", "operations / bp", "memory, MiB", "angle to bp, first layer")

    def row(name):
        angles = runs[name].alignment["gradient_angle"][:, last, 0]
        angle = "-" if np.isnan(angles).all() else f"{np.nanmean(angles):.0f}°"
        figures = f"{costs[name].operations:.2f}", f"{costs[name].memory:.2f}", angle
        return (name, show(runs[name], last), *figures)

    return [headings, *map(row, best_first(runs, lambda name: last))]


def equal_budget(runs, costs, budget):
    """The second table."""
    epochs = {name: costs[name].epochs(budget) for name in runs}

    def row(name):
        spent = epochs[name] * costs[name].operations
        return name, show(runs[name], epochs[name]), str(epochs[name]), f"{spent:.1f}"

    headings = ("rule", "test %", "epochs", "operations, epochs of bp")
    return [headings, *map(row, best_first(runs, epochs.get))]


def accuracies(run, epoch):
    """Test accuracy of every seed after an epoch, `[S]`; NaN if one is not there yet."""
    found = run.history["test_accuracy"]
    return found[:, epoch - 1] if found.shape[1] >= epoch else np.full(len(found), np.nan)


def best_first(runs, epoch_of):
    return sorted(runs, key=lambda name: -np.nanmean(accuracies(runs[name], epoch_of(name))))


def show(run, epoch):
    found = accuracies(run, epoch)
    std = float(np.nanstd(found, ddof=1)) if len(found) > 1 else None
    return as_percent({"mean": float(np.nanmean(found)), "std": std})


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

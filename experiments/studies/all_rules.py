"""Compares all rules on one network: after the same epochs, and for the same operations.

    python -m experiments.studies.all_rules --dataset=digits --workdir=runs/all_rules

Each rule is trained with its preset, in a folder of its own in --workdir. To resume, repeat the
command: it trains only what is missing.

The first table shows the rules after --num_epochs epochs. Operations are those of a step's products
and convolutions, as multiples of `bp`'s. Memory is that of a step's temporary arrays, by the
compiler's estimate. The second table gives each rule the operations of --budget epochs of `bp`: it
shows the rule after the nearest number of epochs, at least one. A rule trains for the larger number
of epochs of the two tables: with --num_epochs=2, `bp` still trains for the 10 of --budget.
"""

from contextlib import suppress

from absl import flags

from configs.default import get_config
from experiments.command_line import cli, signals
from experiments.studies.equal_budget import angles_along, equal_budget, equal_epochs, measure
from pepita_jax.errors import DivergedError, require, require_number
from pepita_jax.files import user_path
from pepita_jax.rules import RULES, Rule, find_rule
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.identity import with_data
from pepita_jax.runs.load import load_run
from pepita_jax.runs.run import run
from pepita_jax.runs.same_run import describe_changes, require_same
from pepita_jax.tables import markdown_table
from pepita_jax.words import counted

WORKDIR = flags.DEFINE_string("workdir", None, "folder for the runs, one per rule")
RULES_FLAG = flags.DEFINE_list("rules", None, "names or module.Class, with commas; default: all")
MODEL = flags.DEFINE_string("model", "mlp", "model")
DATASET = flags.DEFINE_string("dataset", "mnist", "data set")
NUM_SEEDS = flags.DEFINE_integer("num_seeds", 10, "seeds per rule", lower_bound=1)
NUM_EPOCHS = flags.DEFINE_integer("num_epochs", 5, "epochs of the first table", lower_bound=1)
BUDGET = flags.DEFINE_float("budget", 10.0, "epochs of bp that the second table is worth")
TRAIN = flags.DEFINE_bool("train", True, "--notrain only shows the runs there are")


def main(arguments):
    cli.refuse(arguments)
    require(WORKDIR.value, "--workdir=DIR is needed")
    require_number("--budget", BUDGET.value, above=0)
    folder, rules = user_path(WORKDIR.value), chosen_rules()
    require(rules, f"no rule that was asked for suits {MODEL.value} on {DATASET.value}")
    costs = {name: measure(rule, config["batch_size"]) for name, (rule, config) in rules.items()}
    if TRAIN.value:
        with signals.stopping_gently() as should_stop:
            for name, (_, config) in rules.items():
                config["num_epochs"] = max(NUM_EPOCHS.value, costs[name].epochs(BUDGET.value))
                with suppress(DivergedError):  # the tables show it
                    run(config, folder / name, should_stop)
    there = {n: config for n, (_, config) in rules.items() if (folder / n).exists()}
    require(there, f"{folder} holds no run of {', '.join(rules)}: train some without --notrain")
    runs = {name: load_same(folder / name, config) for name, config in there.items()}
    network, epochs, budget = f"{MODEL.value} on {DATASET.value}", NUM_EPOCHS.value, BUDGET.value
    tables = {
        f"after {counted(epochs, 'epoch')}": equal_epochs(runs, costs, epochs),
        f"for the operations of {budget:g} epochs of bp": equal_budget(runs, costs, budget),
        "angles of each layer's updates during training": angles_along(runs, epochs),
    }
    for title, rows in tables.items():
        if rows[1:]:
            print(f"\n{network}, {title}\n\n{markdown_table(rows)}", flush=True)


def load_same(path, config):
    """The run in a folder.

    Raises:
        UserError: it is a run of another configuration.
    """
    found = load_run(path)
    require_same(path, "a different run", describe_changes(found.config, with_data(config)))
    return found


def chosen_rules() -> dict[str, tuple[Rule, dict]]:
    """`{name: (rule, configuration)}` of the rules that suit the network."""
    found = {}
    for name in RULES_FLAG.value or RULES:
        config = get_config(f"{name},{MODEL.value},{DATASET.value}").to_dict()
        net = build_rule_on_network(config | {"rule": {"name": "bp"}}).net
        if why := find_rule(name).unsuited(net):
            print(f"{name} {why}", flush=True)
            continue
        config |= {"num_seeds": NUM_SEEDS.value, "log_alignment": True}
        found[name] = build_rule_on_network(config), config
    return found


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

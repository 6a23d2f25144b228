"""Trains all seeds of one rule on one data set.

    python -m experiments.train --config=configs/default.py:pepita,mlp,mnist --workdir=DIR

RULE,MODEL,DATASET after the colon choose a column of the paper's Table 2. Any field of the
configuration can be set with --config.FIELD=VALUE. Started again on the same DIR, it goes on.
"""

from absl import flags
from ml_collections import config_flags

from configs import default
from experiments import cli
from pepita_jax.errors import require
from pepita_jax.optimizers import OPTIMIZERS
from pepita_jax.rules import RULES
from pepita_jax.run import run
from pepita_jax.tables import summary_table

CONFIG = config_flags.DEFINE_config_file("config", None, "configuration and its three words")
WORKDIR = flags.DEFINE_string("workdir", None, "folder of the run; created if needed")
flags.mark_flags_as_required(["config", "workdir"])

CHOSEN_BY_WORDS = {"dataset", "rule.name", "model.name"}


def main(arguments):
    cli.refuse(arguments)
    require(WORKDIR.value, "--workdir must name a folder")
    summary = run(read_config(), WORKDIR.value)
    print(f"\n{summary_table([summary])}\n\n{WORKDIR.value}: summary.json, curves.png")


def read_config():
    """The configuration as a nested plain dict; without the momentum of SGD for others."""
    config, overrides = CONFIG.value, config_flags.get_override_values(flags.FLAGS["config"])
    chosen = ", ".join(CHOSEN_BY_WORDS & overrides.keys())
    require(not chosen, f"choose {chosen} by RULE,MODEL,DATASET after the colon of --config")
    missing = ", ".join(set(default.get_config()) - set(config))
    require(not missing, f"the configuration lacks the fields {missing}")
    sgd_s_momentum = "optimizer.momentum" not in overrides and "optimizer.name" in overrides
    if sgd_s_momentum and config.optimizer.name != "sgd":
        config.optimizer.momentum = None
    return config.to_dict()


def describe():
    rules = [f"  rule {name}: {rule.__doc__}" for name, rule in RULES.items()]
    fields = map(_describe_field, default.FIELDS)
    optimizers = f"\nOptimizers: {', '.join(OPTIMIZERS)}"
    return "\n".join([__doc__, "Fields:", *fields, optimizers, "\nRules:\n", *rules])


def _describe_field(field):
    value, meaning = default.FIELDS[field]
    is_fixed = value is not default.PRESET and not isinstance(value, type)
    return f"  {field}: {meaning}" + (f" [{value}]" if is_fixed else "")


if __name__ == "__main__":
    cli.start(main, describe)

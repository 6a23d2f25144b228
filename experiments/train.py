"""Trains all seeds of one rule on one data set.

    python -m experiments.train --config=configs/default.py:pepita,mlp,mnist --workdir=DIR

RULE,MODEL,DATASET after the colon choose a column of the paper's Table 2. Any field of the
configuration can be set with --config.FIELD=VALUE. Started again on the same DIR, it goes on.
"""

from absl import flags
from ml_collections import config_flags

from configs import default
from experiments import cli
from pepita_jax.rules import RULES
from pepita_jax.run import run
from pepita_jax.tables import summary_table

CONFIG = config_flags.DEFINE_config_file("config", None, "configuration and its three words")
WORKDIR = flags.DEFINE_string("workdir", None, "folder of the run; created if needed")
flags.mark_flags_as_required(["config", "workdir"])


def main(arguments):
    cli.refuse(arguments)
    summary = run(read_config(), WORKDIR.value)
    print(f"\n{summary_table([summary])}\n\n{WORKDIR.value}: summary.json, curves.png")


def read_config():
    """The configuration as a nested plain dict; without the momentum of SGD for others."""
    config, overrides = CONFIG.value, config_flags.get_override_values(flags.FLAGS["config"])
    if "optimizer.name" in overrides and "optimizer.momentum" not in overrides:
        if config.optimizer.name != "sgd":
            config.optimizer.momentum = None
    return config.to_dict()


def describe():
    fields = [f"  {name}: {meaning}" for name, (_, meaning) in default.FIELDS.items()]
    rules = [f"  rule {name}: {rule.__doc__}" for name, rule in RULES.items()]
    return "\n".join([__doc__, "Fields:", *fields, "\nRules and their options:\n", *rules])


if __name__ == "__main__":
    cli.start(main, describe)

"""Trains PEPITA and backpropagation on scikit-learn's digits, ten seeds each: a table and a plot.

    python -m experiments.demo --workdir=runs/demo
    python -m experiments.demo --rules=bp,fa,drtp,pepita,shallow     # the README's figure

Repeat the command on the same folder to show the results again.
"""

from absl import flags

from configs.default import get_config
from experiments.command_line import cli
from pepita_jax.files import user_path
from pepita_jax.plots import draw_learning_curves, save_figure
from pepita_jax.runs.load import load_run
from pepita_jax.runs.run import run
from pepita_jax.tables import summary_table
from pepita_jax.watching import decoration

WORKDIR = flags.DEFINE_string("workdir", "runs/demo", "folder of the runs and of the plot")
RULES = flags.DEFINE_list("rules", ["bp", "pepita"], "rules to train, with commas")


def main(arguments):
    cli.refuse(arguments)
    root = user_path(WORKDIR.value)
    configs = {rule: get_config(f"{rule},mlp,digits").to_dict() for rule in RULES.value}
    summaries = [run(config, root / rule) for rule, config in configs.items()]
    print(f"\n{summary_table(summaries)}\n")
    histories = {rule: load_run(root / rule).history for rule in RULES.value}
    plot = root / "demo.png"
    with decoration(plot):
        training, title = len(histories) <= 2, "mlp on digits"
        save_figure(draw_learning_curves(histories, training, title), plot)
        print(f"Learning curves: {plot}")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")

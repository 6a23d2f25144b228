"""What is shown of FC1-500: planted results."""

import numpy as np
import pytest

from experiments.papers.drtp.fc1 import table_and_curves
from experiments.papers.drtp.published import LEARNING_RATES
from experiments.papers.drtp.runs import FC1
from experiments.papers.records import make_records
from experiments.papers.results import Results
from pepita_jax.runs.load import load_run
from pepita_jax.runs.run import run
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from tests.experiments.papers.planted import plant, rows_of


@pytest.mark.parametrize("rule", FC1)
def test_every_run_has_adam_at_the_rule_s_learning_rate_and_biases(rule):
    config = FC1[rule].config(10, 100)
    assert config["optimizer"]["name"] == "adam"
    assert config["optimizer"]["learning_rate"] == LEARNING_RATES[rule]
    assert config["optimizer"].get("momentum") is None
    assert (config["model"]["bias"], config["model"]["init"]) == (True, "pytorch")
    FC1[rule].quick().config(2, 3)


def test_the_program_s_figures_are_compared_after_ten_epochs(tmp_path):
    plant(tmp_path, FC1["bp"], np.full((2, 12), 0.974))
    plant(tmp_path, FC1["drtp"], np.full((2, 12), 0.94))
    plant(tmp_path, FC1["dfa"], np.full((2, 5), 0.9))
    shown = table_and_curves(Results(tmp_path).read)
    rows = {row[0]: row[2:] for row in rows_of(shown.table)}
    assert rows["BP"][:4] == ["97.40 ± 0.00", "97.00", "+0.40", "yes"]
    assert rows["DRTP"][:4] == ["94.00 ± 0.00", "93.00", "+1.00", "no"]
    assert rows["DFA"] == ["-", "-", "-", "-", "90.00 ± 0.00", "5"]


def test_the_records_of_networks_with_biases_describe_each_seed_s_weights(tmp_path):
    quick = FC1["bp"].quick()
    run(quick.config(3, 1), tmp_path)
    (group,) = SeedGroup.find_all(Workdir(tmp_path).checkpoints)
    params = load_run(tmp_path).params
    for record in make_records(quick, group, 1, range(3)):
        for histogram, layer in zip(record["histograms"], params, strict=True):
            W = layer.W[record["seed"]]
            assert sum(histogram["counts"]) == W.size
            assert (histogram["low"], histogram["high"]) == (W.min(), W.max())

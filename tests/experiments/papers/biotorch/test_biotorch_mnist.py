"""What is shown of LeNet-5 on MNIST: planted results."""

import numpy as np
import pytest

from experiments.papers.biotorch.mnist import table_and_curves
from experiments.papers.biotorch.published import ACCURACY
from experiments.papers.biotorch.runs import LEARNING_RATES, ON_MNIST, RULES, TRIED
from experiments.papers.results import Results
from tests.experiments.papers.planted import plant, rows_of


@pytest.mark.parametrize("name", ON_MNIST)
def test_every_run_is_valid_and_decays_weights(name):
    run = ON_MNIST[name]
    config = run.config(run.seeds, run.epochs)
    assert run.name == f"{name}_lenet5_mnist"
    assert config["optimizer"]["weight_decay"] == 1e-3
    assert config["optimizer"]["learning_rate"] in TRIED
    run.quick().config(2, 3)


def test_all_six_rules_have_a_figure_and_a_learning_rate():
    assert ACCURACY.keys() == LEARNING_RATES.keys() == RULES.keys()
    magnitudes = {run.config(1, 1)["rule"].get("magnitudes") for run in ON_MNIST.values()}
    assert magnitudes == {None, "uniform", "batchwise_random", "fixed_random"}


def test_the_best_epoch_of_each_seed_stands_beside_the_program_s(tmp_path):
    accuracy = np.full((3, 100), 0.985)
    accuracy[0, 10], accuracy[1, 90], accuracy[2, 50] = 0.9910, 0.9912, 0.9911
    plant(tmp_path, ON_MNIST["BP"], accuracy)
    plant(tmp_path, ON_MNIST["FA"], np.full((3, 20), 0.97))
    bp, fa = rows_of(table_and_curves(Results(tmp_path).read).table)
    assert bp[4:] == ["99.11 ± 0.01", "99.09", "+0.02", "yes", "98.50 ± 0.00"]
    assert fa[3:] == ["20", "97.00 ± 0.00", "-", "-", "-", "97.00 ± 0.00"]


def test_one_seed_stands_beside_the_program_s_and_a_diverged_one_beside_nothing(tmp_path):
    plant(tmp_path, ON_MNIST["BP"], np.full((1, 100), 0.9920))
    plant(tmp_path, ON_MNIST["FA"], np.full((1, 100), 0.9820))
    plant(tmp_path, ON_MNIST["DFA"], [[None] * 100])
    bp, fa, dfa = rows_of(table_and_curves(Results(tmp_path).read).table)
    assert bp[5:8] == ["99.09", "+0.11", "yes"]
    assert fa[5:7] == ["98.30", "-0.10"]
    assert dfa[5:8] == ["98.39", "-", "1 seed or more needed"]

"""Deeper networks: which runs there are, and planted results of them."""

import numpy as np

from experiments.papers.deep_pepita import depth
from experiments.papers.deep_pepita.artifacts import DEEP_PEPITA
from experiments.papers.deep_pepita.published import ACCURACY
from experiments.papers.deep_pepita.runs import DEPTH
from experiments.papers.results import Results
from tests.experiments.papers.planted import plant, rows_of


def test_every_run_is_valid_has_its_own_name_and_as_many_layers():
    runs = {run for artifact in DEEP_PEPITA.artifacts.values() for run in artifact.runs}
    assert len({run.name for run in runs}) == len(runs)
    for (_, _, layers, decay), run in DEPTH.items():
        config = run.config(3, 100)
        assert config["model"]["hidden"] == (1024,) * layers
        assert (config["optimizer"].get("weight_decay") == 1e-4) == decay
    assert ACCURACY.keys() <= DEPTH.keys()


def test_what_the_authors_say_stands_beside_the_run_it_is_of(tmp_path):
    plant(tmp_path, DEPTH["cifar100", "pepita", 3, True], np.full((3, 100), 0.2320))
    plant(tmp_path, DEPTH["cifar100", "pepita", 3, False], np.full((3, 100), 0.20))
    plant(tmp_path, DEPTH["cifar100", "pepita", 2, False], np.full((3, 100), 0.2))
    rows = rows_of(depth.depth(Results(tmp_path).read).table)
    by_run = {(row[1], row[3]): row[7:] for row in rows}
    assert by_run["3", "yes"] == ["23.13", "+0.07", "yes"]
    assert by_run["3", "no"] == ["1.00", "+19.00", "no"]
    assert by_run["2", "no"] == ["-", "-", "-"]


def test_rules_are_compared_seed_by_seed_after_as_many_epochs(tmp_path):
    base = np.linspace(0.9, 0.92, 3)[:, None] + np.zeros((3, 4))
    plant(tmp_path, DEPTH["mnist", "pepita", 2, False], base)
    better = base[:, :2] + np.array([[0.001], [0.002], [0.003]])
    plant(tmp_path, DEPTH["mnist", "pepita_hebbian", 2, False], better)
    ((data, layers, difference, seeds, epochs),) = rows_of(
        depth.hebbian(Results(tmp_path).read).table
    )
    assert (data, layers, seeds, epochs) == ("mnist", "2", "3", "2")
    assert difference.startswith("+0.20 [-0.05, +0.45]")  # 0.1 / sqrt(3) times t(2) = 4.30

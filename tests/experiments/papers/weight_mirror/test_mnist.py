"""What is shown of the authors' runs on MNIST: planted results."""

import numpy as np
import pytest

from experiments.papers.results import Results
from experiments.papers.weight_mirror import mnist
from experiments.papers.weight_mirror.runs import ON_MNIST
from tests.experiments.papers.planted import plant, rows_of


@pytest.mark.parametrize("rule", ON_MNIST)
def test_every_run_is_valid_and_trains_in_the_stored_order_without_momentum(rule):
    run = ON_MNIST[rule]
    config = run.config(run.seeds, run.epochs)
    assert run.name == f"{rule}_mlp_mnist"
    assert (config["shuffle"], config["optimizer"]["momentum"]) == (False, 0.0)
    run.quick().config(2, 3)


def test_ours_agree_within_0_15_points_or_two_standard_errors(tmp_path):
    near, far = np.full((2, 10), 0.9412 + 0.001), np.full((2, 10), 0.9086 + 0.002)
    plant(tmp_path, ON_MNIST["bp"], near)
    plant(tmp_path, ON_MNIST["fa"], np.stack([far[0] + 0.01, far[1] - 0.01]))
    rows = rows_of(mnist.accuracy(Results(tmp_path).read).table)
    found = {(rule, after): (difference, agrees) for rule, after, *_, difference, agrees in rows}
    assert found["BP", "10"] == ("+0.10", "yes")
    assert found["FA", "10"] == ("+0.20", "yes")  # by its standard error of 1 point
    assert ("BP", "20") not in found
    plant(tmp_path, ON_MNIST["kolen_pollack"], np.full((3, 1), 0.8910))
    rows = rows_of(mnist.accuracy(Results(tmp_path).read).table)
    assert rows[-1][0::6] == ["Kolen-Pollack", "no"]


def test_angles_are_those_after_as_many_epochs(tmp_path):
    angle = np.arange(11.0)[None, :, None] + [[[10]], [[12]]]  # after epochs 0 to 10, of two seeds
    for seed in range(2):
        more = {"alignment": {"feedback_angle": angle[seed].tolist()}}
        plant(tmp_path, ON_MNIST["fa"], np.full((1, 10), 0.9), seed, **more)
    rows = rows_of(mnist.angles(Results(tmp_path).read).table)
    assert [row[:3] for row in rows] == [["FA", "1", "12.0 ± 1.4"], ["FA", "10", "21.0 ± 1.4"]]

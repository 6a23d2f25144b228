"""The prediction loss of Nøkland & Eidnes: its first step, its runs, and planted results."""

import jax
import jax.numpy as jnp
import numpy as np

from experiments.papers.local_loss.mnist import table_and_curves
from experiments.papers.local_loss.rules import PredictionLoss
from experiments.papers.local_loss.runs import ON_MNIST
from experiments.papers.results import Results
from pepita_jax import Batch, build_network
from tests.experiments.papers.planted import plant, rows_of


def test_classifiers_begin_at_zero_so_that_at_first_only_they_and_the_last_layer_learn():
    net = build_network("mlp", input_shape=(4, 4, 1), num_classes=3, hidden=(6, 5), bias=True)
    rule = PredictionLoss(net)
    params, F = rule.init(jax.random.key(0))
    assert [C.shape for C in F] == [(3, 6), (3, 5)]
    image = jax.random.uniform(jax.random.key(1), (7, 4, 4, 1))
    batch = Batch(image, jnp.arange(7) % 3)
    assert not np.any(params[-1].W)
    dW, aux = rule.pseudo_gradients(params, F, batch)
    assert [bool(np.any(W)) for W, _ in dW] == [False, False, True]
    assert all(np.any(dC) for dC in aux["feedback"])
    moved = jax.tree.map(lambda C, dC: C - dC, F, aux["feedback"])
    dW, _ = rule.pseudo_gradients(params, moved, batch)
    assert all(np.any(W) for W, _ in dW)


def test_both_runs_differ_in_the_rule_alone():
    one, other = (run.config(3, 100) for run in ON_MNIST.values())
    assert {name for name in one if one[name] != other[name]} == {"rule"}
    assert one["augment"]["crop"] == 2
    for run in ON_MNIST.values():
        run.quick().config(2, 3)


def test_the_program_s_accuracy_stands_beside_ours(tmp_path):
    plant(tmp_path, ON_MNIST["bp"], np.full((3, 100), 0.9912))
    plant(tmp_path, ON_MNIST["prediction_loss"], np.full((3, 100), 0.9940))
    rows = rows_of(table_and_curves(Results(tmp_path).read).table)
    assert [row[-3:] for row in rows] == [["99.25", "-0.13", "yes"], ["99.32", "+0.08", "yes"]]

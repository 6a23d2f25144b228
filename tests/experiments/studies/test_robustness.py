"""The accuracies of attacked runs, as a user asks for them."""

import numpy as np
import optax

import pepita_jax as pj
from experiments.studies.robustness import attacked, unchanged
from tests.experiments.commands import assert_refused, command, train
from tests.experiments.papers.planted import rows_of


def test_it_shows_each_seed_s_accuracy_and_less_under_attack(tmp_path):
    path = tmp_path / "bp"
    train(path, "--config.num_epochs=1", "--config.num_seeds=2", choice="bp,mlp,digits")
    done = command("studies.robustness", path, "--radius=0.1", "--radius=1", "--steps=3")
    (row,) = rows_of(done.stdout)
    assert row[:2] == ["bp", "bp"]
    run = pj.load_run(path)
    accuracy = run.history["test_accuracy"][:, -1]
    np.testing.assert_allclose(attacked(run, *pj.load_dataset("digits").test, unchanged), accuracy)
    assert row[2].startswith(f"{100 * accuracy.mean():.2f} ")
    clean, *weak_and_strong = (float(cell.split()[0]) for cell in row[2:])
    fgsm, _, pgd, _ = weak_and_strong
    assert clean > fgsm >= pgd


def test_runs_without_images_in_the_unit_are_refused(tmp_path):
    """Of another unit, of a script's arrays, or none at all."""
    assert_refused(command("studies.robustness"), "which runs?")
    train(tmp_path / "white", "--config.num_epochs=1", "--config.num_seeds=1",
          "--config.preprocess=whiten")  # fmt: skip
    net = pj.mlp(input_shape=(8, 8, 1), num_classes=10, hidden=(4,))
    data = {"train": pj.load_dataset("digits").train, "test": pj.load_dataset("digits").test}
    options = {"num_seeds": 1, "num_epochs": 1, "progress": False, "workdir": tmp_path / "script"}
    pj.train(net, pj.BP(net), optax.sgd(0.1), **data, **options)
    for name, message in (("white", "preprocess=whiten"), ("script", "pj.attacks takes them")):
        assert_refused(command("studies.robustness", tmp_path / name), message)

"""A run is read back by `load_run` as it was trained."""

import shutil
from functools import partial

import jax
import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import SeedTrainer
from tests.reliability import runs

make_config = partial(runs.make_config, num_epochs=2)


def test_a_run_read_back_has_the_weights_that_were_tested(tmp_path):
    config = make_config("pepita,conv,digits", **{"model.hidden": (12,), "model.dropout": 0.2})
    summary = run(config, tmp_path)
    loaded = pj.load_run(tmp_path)
    test = pj.load_dataset("digits").test
    for k, accuracy in enumerate(summary["test_accuracy"]["per_seed"]):
        scores = loaded.net.apply(tuple(W[k] for W in loaded.params), test[0])
        assert np.mean(np.argmax(scores, -1) == test[1]) == pytest.approx(accuracy)
    assert loaded.feedback.shape == (2, 10, 8, 8, 1)
    assert loaded.rule == pj.build_rule("pepita", loaded.net)
    assert loaded.history["test_accuracy"].shape == (2, 2)
    assert loaded.config["model"]["hidden"] == [12]


def test_of_a_folder_that_holds_runs_these_are_named(tmp_path):
    run(make_config(num_epochs=1), tmp_path / "best_1")
    with pytest.raises(pj.UserError, match=r"holds no run itself, but folders that do: best_1$"):
        pj.load_run(tmp_path)
    (tmp_path / "sweep.json").write_text("{}")
    message = r"sweep: its figures are in sweep\.csv; it holds the runs best_1$"
    with pytest.raises(pj.UserError, match=message):
        pj.load_run(str(tmp_path))
    shutil.rmtree(tmp_path / "best_1")
    with pytest.raises(pj.UserError, match=r"figures are in sweep\.csv$"):
        pj.load_run(tmp_path)


def test_any_seeds_that_are_there_are_read_back(tmp_path):
    config = make_config(num_seeds=4)
    run(config, tmp_path / "some", seeds=range(1, 2))
    run(config, tmp_path / "some", seeds=range(3, 4))
    run(config, tmp_path / "all")
    some, whole = (pj.load_run(tmp_path / name) for name in ("some", "all"))
    assert (some.seeds, whole.seeds) == ([1, 3], [0, 1, 2, 3])
    for epoch, weights in ((0, pj.load_run(tmp_path / "some", 0)), (2, some)):
        wanted = pj.load_run(tmp_path / "all", epoch).params[0][[1, 3]]
        np.testing.assert_allclose(weights.params[0], wanted, rtol=1e-5)
    for name in ("test_accuracy", "train_accuracy"):
        np.testing.assert_array_equal(some.history[name], whole.history[name][[1, 3]])


def test_a_run_is_read_back_as_it_was_after_an_earlier_epoch(tmp_path, monkeypatch):
    initial = []
    init = SeedTrainer.init
    monkeypatch.setattr(SeedTrainer, "init", lambda self: initial.append(init(self)) or init(self))
    for epochs in (1, 2, 3):
        run(make_config(num_epochs=epochs), tmp_path / str(epochs))
    for epoch, params in ((0, initial[0].params), (2, pj.load_run(tmp_path / "2").params)):
        found = pj.load_run(tmp_path / "3", epoch)
        jax.tree.map(np.testing.assert_array_equal, found.params, params)
        assert found.history["test_accuracy"].shape == (2, epoch)
        assert found.alignment["weight_norm"].shape == (2, epoch + 1, 2)
    message = r"has no epoch 1: it keeps the epochs 2, 3 and, without checkpoint, 0"
    with pytest.raises(pj.UserError, match=message):
        pj.load_run(tmp_path / "3", 1)


def test_an_epoch_that_was_not_reached_is_refused(tmp_path):
    run(make_config(num_epochs=1), tmp_path)
    with pytest.raises(pj.UserError, match="epoch 9 has not been reached: the run is at epoch 1"):
        pj.load_run(tmp_path, 9)


def test_initial_weights_are_not_drawn_at_another_precision(tmp_path):
    run(make_config(num_epochs=1), tmp_path)
    with jax.enable_x64(True), pytest.raises(pj.UserError, match="jax_enable_x64 was not set"):
        pj.load_run(tmp_path, 0)

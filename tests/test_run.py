"""Workdirs: written by a run, read back by `load_run`."""

import json

import jax
import numpy as np
import pytest

import pepita_jax as pj
from configs.default import get_config
from pepita_jax.network import Network
from pepita_jax.run import run
from pepita_jax.workdir import Workdir


def make_config(choice="pepita,mlp,digits", **fields):
    config = get_config(choice)
    config.num_seeds, config.num_epochs = 2, 2
    config.update_from_flattened_dict(fields)
    return config.to_dict()


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


def test_feedback_is_fixed_and_comes_back_with_the_checkpoint(tmp_path):
    run(make_config(), tmp_path)
    first = pj.load_run(tmp_path).feedback
    run(make_config(num_epochs=3), tmp_path)
    np.testing.assert_array_equal(first, pj.load_run(tmp_path).feedback)


def test_an_optimizer_with_another_state_resumes(tmp_path):
    fields = {"optimizer.name": "adam", "optimizer.momentum": None}
    fields |= {"optimizer.learning_rate": 0.001}
    run(make_config("bp,mlp,digits", **fields), tmp_path / "resumed")
    run(make_config("bp,mlp,digits", num_epochs=3, **fields), tmp_path / "resumed")
    run(make_config("bp,mlp,digits", num_epochs=3, **fields), tmp_path / "whole")
    resumed, whole = (pj.load_run(tmp_path / name).params for name in ("resumed", "whole"))
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_validation_split_is_reported_beside_the_test_set(tmp_path):
    summary = run(make_config(validation_fraction=0.25), tmp_path)
    assert len(summary["validation_accuracy"]["per_seed"]) == 2
    assert summary["validation_accuracy"] != summary["test_accuracy"]


def test_products_are_compiled_with_the_configured_precision(tmp_path, monkeypatch):
    forward, precisions = Network.forward, set()

    def spy(*arguments):
        precisions.add(jax.config.jax_default_matmul_precision)
        return forward(*arguments)

    monkeypatch.setattr(Network, "forward", spy)
    run(make_config("bp,mlp,digits", matmul_precision="bfloat16"), tmp_path / "chosen")
    assert precisions == {"bfloat16"}
    with jax.default_matmul_precision("high"):
        run(make_config("bp,mlp,digits"), tmp_path / "unset")
    assert precisions == {"bfloat16", "high"}


def test_one_seed_has_no_standard_deviation(tmp_path):
    summary = run(make_config(num_seeds=1), tmp_path)
    assert summary["test_accuracy"]["std"] is None
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


def test_checkpoints_can_be_rarer_and_the_last_epoch_always_has_one(tmp_path):
    run(make_config(num_epochs=5, checkpoint_every=2), tmp_path)
    kept = sorted(int(path.name) for path in (tmp_path / "checkpoints").iterdir())
    assert kept == [4, 5]


def test_there_is_nothing_to_load_in_an_empty_or_damaged_folder(tmp_path):
    with pytest.raises(pj.UserError, match="holds no run"):
        pj.load_run(tmp_path)
    Workdir(tmp_path).claim(make_config())
    with pytest.raises(pj.UserError, match="no checkpoint yet"):
        pj.load_run(tmp_path)
    (tmp_path / "config.json").write_text('{"seed": 0')
    with pytest.raises(pj.UserError, match=r"config\.json is damaged"):
        pj.load_run(tmp_path)


def test_alignment_is_logged_from_before_training_on_and_survives_a_resume(tmp_path):
    run(make_config(), tmp_path / "resumed")
    for path, epochs in ((tmp_path / "resumed", 3), (tmp_path / "whole", 3)):
        run(make_config(num_epochs=epochs), path)
        assert (path / "alignment.png").stat().st_size > 0
    resumed, whole = (pj.load_run(tmp_path / name).alignment for name in ("resumed", "whole"))
    assert whole["gradient_angle"].shape == whole["weight_norm"].shape == (2, 4, 2)
    assert whole["feedback_angle"].shape == (2, 4, 1)
    for name, values in whole.items():
        np.testing.assert_array_equal(resumed[name], values)


def test_alignment_need_not_be_logged(tmp_path):
    run(make_config("shallow,mlp,digits", log_alignment=False), tmp_path)
    assert not list(tmp_path.glob("alignment*"))
    assert pj.load_run(tmp_path).alignment == {}


def test_feedback_that_learns_resumes_with_its_optimizer_state(tmp_path):
    choice = "kolen_pollack,mlp,digits"
    run(make_config(choice), tmp_path / "resumed")
    for name in ("resumed", "whole"):
        run(make_config(choice, num_epochs=3), tmp_path / name)
    resumed, whole = (pj.load_run(tmp_path / name).feedback for name in ("resumed", "whole"))
    np.testing.assert_array_equal(resumed[0], whole[0])

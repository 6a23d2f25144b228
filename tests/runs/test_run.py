"""Workdirs: written by a run, read back by `load_run`."""

import json
from functools import partial
from itertools import count

import jax
import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.errors import DivergedError, StoppedError
from pepita_jax.networks.network import Network
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import SeedTrainer
from tests.reliability import runs
from tests.reliability.runs import assert_same_results, assert_same_run

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


def test_feedback_is_fixed_and_comes_back_with_the_checkpoint(tmp_path):
    run(make_config(), tmp_path)
    first = pj.load_run(tmp_path).feedback
    run(make_config(num_epochs=3), tmp_path)
    np.testing.assert_array_equal(first, pj.load_run(tmp_path).feedback)


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


def test_a_run_with_a_precision_of_its_own_goes_on(tmp_path):
    config = make_config(num_epochs=1, matmul_precision="bfloat16")
    for num_epochs in (1, 2):
        run(config | {"num_epochs": num_epochs}, tmp_path)
    assert pj.load_run(tmp_path, 0).seeds == [0, 1]


def test_an_epoch_that_was_not_reached_is_refused(tmp_path):
    run(make_config(num_epochs=1), tmp_path)
    with pytest.raises(pj.UserError, match="epoch 9 has not been reached, but 1"):
        pj.load_run(tmp_path, 9)


def test_initial_weights_are_not_drawn_at_another_precision(tmp_path):
    run(make_config(num_epochs=1), tmp_path)
    with jax.enable_x64(True), pytest.raises(pj.UserError, match="jax_enable_x64 was not set"):
        pj.load_run(tmp_path, 0)


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
    kept = sorted(int(path.name) for path in (tmp_path / "checkpoints" / "seeds_0-1").iterdir())
    assert kept == [4, 5]


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


@pytest.mark.parametrize("is_bug", [False, True])
def test_plots_that_fail_do_not_undo_the_run(is_bug, tmp_path, monkeypatch, capsys):
    if is_bug:
        monkeypatch.setattr("pepita_jax.runs.summary.draw_learning_curves", lambda _: 1 / 0)
        monkeypatch.setattr("pepita_jax.runs.summary.draw_alignment", lambda _: 1 / 0)
    names = ("curves.png", "alignment.png")
    for name in names:
        (tmp_path / name).mkdir()
    summary = run(make_config(), tmp_path)
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    said = capsys.readouterr().err
    reason = "ZeroDivisionError: division by zero" if is_bug else "Is a directory"
    for name in names:
        assert f"{tmp_path / name} could not be made ({reason}); nothing depends on it" in said
    assert said.count("Traceback") == 2 * is_bug


def test_feedback_that_learns_resumes_with_its_optimizer_state(tmp_path):
    choice = "kolen_pollack,mlp,digits"
    run(make_config(choice), tmp_path / "resumed")
    for name in ("resumed", "whole"):
        run(make_config(choice, num_epochs=3), tmp_path / name)
    resumed, whole = (pj.load_run(tmp_path / name).feedback for name in ("resumed", "whole"))
    np.testing.assert_array_equal(resumed[0], whole[0])


def test_more_seeds_are_trained_beside_those_that_are_there(tmp_path):
    run(make_config(), tmp_path / "grown")
    rows = (tmp_path / "grown" / "metrics.jsonl").read_text()
    run(make_config(num_seeds=5), tmp_path / "grown")
    assert (tmp_path / "grown" / "metrics.jsonl").read_text().startswith(rows)
    run(make_config(num_seeds=5, num_epochs=3), tmp_path / "grown")
    run(make_config(num_seeds=5, num_epochs=3), tmp_path / "whole")
    assert pj.load_run(tmp_path / "grown").config["num_seeds"] == 5
    assert_same_results(tmp_path / "grown", tmp_path / "whole")


def test_a_run_that_is_asked_to_stop_saves_the_epoch_and_goes_on_from_there(tmp_path):
    config = make_config(num_epochs=4, checkpoint_every=3)
    asked = count()
    with pytest.raises(StoppedError, match="stopped after epoch 2 of 4; repeat the command"):
        run(config, tmp_path / "stopped", lambda: next(asked) >= 2)  # also before the first epoch
    assert pj.load_run(tmp_path / "stopped").history["seconds"].shape == (2, 2)
    run(config, tmp_path / "stopped")
    run(config, tmp_path / "whole")
    assert_same_run(tmp_path / "stopped", tmp_path / "whole")
    run(config, tmp_path / "whole", lambda: True)  # there is nothing left to stop


def blow_up(monkeypatch, seed):
    """Lets a seed start from weights that overflow at the first update."""
    init = SeedTrainer.init
    blown_up = lambda x: x.at[seed].multiply(1e30)
    change = lambda state: state.replace(params=jax.tree.map(blown_up, state.params))
    monkeypatch.setattr(SeedTrainer, "init", lambda self: change(init(self)))


@pytest.mark.parametrize("layout", [0, 1])
def test_a_seed_that_diverges_is_named_and_left_out_and_the_others_go_on(
    layout, tmp_path, monkeypatch, capsys
):
    fields = {"num_seeds": 3, "seeds_at_once": layout}
    whole = run(make_config(**fields), tmp_path / "whole")
    blow_up(monkeypatch, seed=1)
    summary = run(make_config(**fields), tmp_path / "run")
    message = "seed 1 has diverged in epoch 1 at learning rate 0.05: its weights are not finite"
    assert capsys.readouterr().err.count(message) == 1
    assert summary["diverged"] == [{"seed": 1, "epoch": 1, "learning_rate": pytest.approx(0.05)}]
    first, _, last = whole["test_accuracy"]["per_seed"]
    assert summary["test_accuracy"]["per_seed"] == [first, None, last]
    assert summary["test_accuracy"]["mean"] == np.mean([first, last])
    assert summary["test_accuracy"]["std"] == np.std([first, last], ddof=1)
    loaded = pj.load_run(tmp_path / "run")
    assert np.isnan(loaded.history["train_loss"][1]).all()
    monkeypatch.undo()
    whole, summary = (
        run(make_config(num_epochs=3, **fields), tmp_path / p) for p in ("whole", "run")
    )
    assert message not in capsys.readouterr().err
    first, _, last = whole["test_accuracy"]["per_seed"]
    assert summary["test_accuracy"]["per_seed"] == [first, None, last]
    assert not np.isfinite(pj.load_run(tmp_path / "run").params[0][1]).all()


@pytest.mark.filterwarnings("ignore:overflow")
def test_weights_that_are_never_finite_are_named_too(tmp_path, capsys):
    config = make_config(**{"rule.feedback_scale": 1e300})
    with pytest.raises(DivergedError, match="all 2 seeds have diverged, the last in epoch 1"):
        run(config, tmp_path)
    assert "seed 1 has diverged in epoch 1" in capsys.readouterr().err


def test_a_run_without_seeds_left_stops_and_says_so_again(tmp_path):
    config = make_config(num_epochs=50, **{"optimizer.learning_rate": 1e30})
    for _ in range(2):
        with pytest.raises(DivergedError, match=r"all 2 seeds have diverged, the last in epoch 1"):
            run(config, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["test_accuracy"] == {"mean": None, "std": None, "per_seed": [None, None]}
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2

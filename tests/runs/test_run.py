"""What a run leaves in its workdir: a summary, checkpoints, alignment and plots."""

import json
from functools import partial

import jax
import pytest

import pepita_jax as pj
from pepita_jax.errors import StoppedError
from pepita_jax.networks.network import Network
from pepita_jax.runs.run import run
from tests.reliability import runs

make_config = partial(runs.make_config, num_epochs=2)


def test_one_seed_has_no_standard_deviation(tmp_path):
    summary = run(make_config(num_seeds=1), tmp_path)
    assert summary["test_accuracy"]["std"] is None
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


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


def test_checkpoints_can_be_rarer_and_the_last_epoch_always_has_one(tmp_path):
    run(make_config(num_epochs=5, checkpoint_every=2), tmp_path)
    kept = sorted(int(path.name) for path in (tmp_path / "checkpoints" / "seeds_0-1").iterdir())
    assert kept == [4, 5]


def test_a_run_that_was_stopped_can_be_ended_at_the_epoch_that_it_reached(tmp_path):
    answers = iter([False, True])
    with pytest.raises(StoppedError):
        run(make_config(num_epochs=9), tmp_path, should_stop=lambda: next(answers, True))
    reached = pj.load_run(tmp_path)
    assert reached.config["num_epochs"] == 9
    done = reached.history["test_accuracy"].shape[1]
    assert run(make_config(num_epochs=done), tmp_path)["num_seeds"] == 2
    assert pj.load_run(tmp_path).config["num_epochs"] == done
    run(make_config(num_epochs=done + 1), tmp_path)
    assert pj.load_run(tmp_path).config["num_epochs"] == done + 1


def test_alignment_need_not_be_logged(tmp_path):
    run(make_config("shallow,mlp,digits", log_alignment=False), tmp_path)
    assert not list(tmp_path.glob("alignment*"))
    assert pj.load_run(tmp_path).alignment == {}


@pytest.mark.parametrize("is_bug", [False, True])
def test_plots_that_fail_do_not_undo_the_run(is_bug, tmp_path, monkeypatch, capsys):
    if is_bug:
        monkeypatch.setattr("pepita_jax.runs.summary.draw_learning_curves", lambda *_, **__: 1 / 0)
        monkeypatch.setattr("pepita_jax.runs.summary.draw_alignment", lambda *_: 1 / 0)
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

"""A seed whose weights are no longer finite is named and left out, and the others go on."""

import json
from functools import partial

import jax
import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.errors import DivergedError
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import SeedTrainer
from tests.reliability import runs

make_config = partial(runs.make_config, num_epochs=2)


def blow_up(monkeypatch, seed):
    """Lets a seed start from weights that overflow at the first update."""
    init = SeedTrainer.init
    blown_up = lambda x: x.at[seed].multiply(1e30)
    change = lambda state: state.replace(params=jax.tree.map(blown_up, state.params))
    monkeypatch.setattr(SeedTrainer, "init", lambda self: change(init(self)))


@pytest.mark.parametrize("layout", [0, pytest.param(1, marks=pytest.mark.slow)])
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


def test_weights_that_are_never_finite_are_named_too(tmp_path, capsys):
    config = make_config(**{"rule.feedback_scale": 3e38})
    with pytest.raises(DivergedError, match="every seed has diverged, the last in epoch 1"):
        run(config, tmp_path)
    assert "seed 1 has diverged in epoch 1" in capsys.readouterr().err


def test_a_run_without_seeds_left_stops_and_says_so_again(tmp_path):
    config = make_config(num_epochs=50, **{"optimizer.learning_rate": 1e30})
    for _ in range(2):
        with pytest.raises(DivergedError, match=r"every seed has diverged, the last in epoch 1"):
            run(config, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["test_accuracy"] == {"mean": None, "std": None, "per_seed": [None, None]}
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2

"""A run that goes on, longer or with more seeds, equals one that was so from the start."""

from functools import partial
from itertools import count

import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.errors import StoppedError
from pepita_jax.runs.run import run
from tests.reliability import runs
from tests.reliability.runs import assert_same_results, assert_same_run

make_config = partial(runs.make_config, num_epochs=2)


def test_feedback_is_fixed_and_comes_back_with_the_checkpoint(tmp_path):
    run(make_config(), tmp_path)
    first = pj.load_run(tmp_path).feedback
    run(make_config(num_epochs=3), tmp_path)
    np.testing.assert_array_equal(first, pj.load_run(tmp_path).feedback)


def test_feedback_that_learns_resumes_with_its_optimizer_state(tmp_path):
    choice = "kolen_pollack,mlp,digits"
    run(make_config(choice), tmp_path / "resumed")
    for name in ("resumed", "whole"):
        run(make_config(choice, num_epochs=3), tmp_path / name)
    resumed, whole = (pj.load_run(tmp_path / name).feedback for name in ("resumed", "whole"))
    np.testing.assert_array_equal(resumed[0], whole[0])


def test_an_optimizer_with_another_state_resumes(tmp_path):
    fields = {"optimizer.name": "adam", "optimizer.momentum": None}
    fields |= {"optimizer.learning_rate": 0.001}
    run(make_config("bp,mlp,digits", **fields), tmp_path / "resumed")
    run(make_config("bp,mlp,digits", num_epochs=3, **fields), tmp_path / "resumed")
    run(make_config("bp,mlp,digits", num_epochs=3, **fields), tmp_path / "whole")
    resumed, whole = (pj.load_run(tmp_path / name).params for name in ("resumed", "whole"))
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one, other)


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


def test_a_run_with_a_precision_of_its_own_goes_on(tmp_path):
    config = make_config(num_epochs=1, matmul_precision="bfloat16")
    for num_epochs in (1, 2):
        run(config | {"num_epochs": num_epochs}, tmp_path)
    assert pj.load_run(tmp_path, 0).seeds == [0, 1]


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

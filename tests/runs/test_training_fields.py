"""Fields of training: from the configuration to a run, and back from its workdir."""

import numpy as np
import pytest

import pepita_jax as pj
from configs import default, saved
from pepita_jax.data.preprocess import PREPROCESSES
from pepita_jax.runs.configured import (
    build_batching,
    build_configured_feedback_optimizer,
    build_configured_optimizer,
)
from pepita_jax.runs.experiment import check_config
from pepita_jax.runs.run import run
from pepita_jax.runs.workdir import Workdir
from tests.reliability.runs import FIELDS, assert_same_run

ALL = {
    "schedule.name": "warmup_cosine",
    "schedule.warmup_epochs": 1,
    "schedule.decay_epochs": 3,
    "optimizer.weight_decay": 1e-3,
    "optimizer.clip_norm": 5.0,
    "feedback_optimizer.name": "adam",
    "feedback_optimizer.learning_rate": 0.01,
    "shuffle": False,
    "drop_last": False,
    "augment.flip": True,
    "augment.crop": 1,
}


def make_config(choice="kolen_pollack,mlp,digits", **fields):
    config, fields = default.get_config(choice), {**FIELDS, **fields}
    config.update_from_flattened_dict(fields)
    return default.as_plain(config, fields)


def test_a_run_with_all_of_them_goes_on_as_if_it_had_not_stopped(tmp_path):
    config = make_config(**ALL, num_seeds=1, log_alignment=False)
    for path, epochs in (("stopped", 1), ("stopped", 2), ("whole", 2)):
        run(config | {"num_epochs": epochs}, tmp_path / path)
    assert_same_run(tmp_path / "stopped", tmp_path / "whole")
    found = saved.get_config(str(tmp_path / "whole"))
    known = ["optimizer.momentum", "schedule.epochs", "schedule.factor"]
    assert default.as_plain(found, known) == config | {"num_epochs": 2}
    rates = pj.load_run(tmp_path / "whole").history["learning_rate"][0]
    steps = -(-1437 // 32)
    np.testing.assert_allclose(rates[0], 0.05 * (steps - 1) / steps, rtol=1e-5)
    cosine = (1 + np.cos(np.pi * (steps - 1) / (2 * steps))) / 2
    np.testing.assert_allclose(rates[1], 0.05 * cosine, rtol=1e-5)


def test_a_run_of_before_these_fields_goes_on(tmp_path):
    config = make_config()
    new = {"shuffle", "drop_last", "augment", "feedback_optimizer"}
    old = {field: value for field, value in config.items() if field not in new}
    old["schedule"] = {f: v for f, v in config["schedule"].items() if f != "name"}
    Workdir(tmp_path).prepare(old)
    with pytest.raises(pj.UserError, match="shuffle was True, is False"):
        Workdir(tmp_path).prepare(config | {"shuffle": False})
    Workdir(tmp_path).prepare(config)
    found = Workdir(tmp_path).read_config()
    assert {field: found[field] for field in new} == {field: config[field] for field in new}


def test_another_schedule_takes_the_place_of_the_step_schedule_s_fields():
    assert make_config()["schedule"] == {"name": "step", "epochs": (), "factor": 0.1}
    fields = {"schedule.name": "cosine"}
    wanted = {"name": "cosine", "decay_epochs": 3}
    assert make_config(**fields)["schedule"] == wanted
    with pytest.raises(pj.UserError, match="schedule 'cosine' has no option 'epochs'"):
        check_config(make_config(**fields, **{"schedule.epochs": (1,)}))


def test_equal_optimizers_share_compiled_functions():
    one, other = (build_configured_optimizer(make_config(**ALL)) for _ in range(2))
    assert (one, hash(one)) == (other, hash(other))


def test_feedback_s_optimizer_follows_the_weights_in_what_is_not_set():
    own = {"optimizer.momentum": 0.5, "optimizer.clip_norm": 3.0}
    of = lambda fields: build_configured_feedback_optimizer(make_config(**own, **fields), 7)
    assert of({}) is None
    faster = of({"feedback_optimizer.learning_rate": 0.3, "feedback_optimizer.momentum": 0.2})
    weights = build_configured_optimizer(make_config(**own), 7)
    assert faster.learning_rate == 0.3
    assert dict(faster.options) == {"clip_norm": 3.0, "momentum": 0.2}
    assert (faster.name, faster.schedule, faster.steps_per_epoch) == ("sgd", weights.schedule, 7)
    adam = of({"feedback_optimizer.name": "adam", "feedback_optimizer.b1": 0.8})
    assert (adam.learning_rate, adam.options) == (weights.learning_rate, (("b1", 0.8),))


@pytest.mark.parametrize("preprocess", PREPROCESSES)
def test_padding_is_black_whatever_is_done_to_the_images(preprocess):
    batching = build_batching(make_config(**{"augment.crop": 1, "preprocess": preprocess}))
    image = pj.load_dataset("digits").train[0]
    black = PREPROCESSES[preprocess](image, np.zeros((1, 8, 8, 1), np.float32))[1]
    np.testing.assert_allclose(batching.augment.fill, black.mean(keepdims=True).ravel()[:1])
    assert build_batching(make_config()).augment is None


@pytest.mark.parametrize(
    ("choice", "fields", "message"),
    [
        ("bp", {"feedback_optimizer.momentum": 0.1}, "for feedback that learns; that of BP does"),
        ("kolen_pollack", {"feedback_optimizer.b1": 0.1}, "'sgd' has no option 'b1'"),
        ("kolen_pollack", {"feedback_optimizer.learning_rate": -1.0}, "^feedback_optimizer: opt"),
        ("bp", {"augment.crop": 8}, "less than the side of the 8x8 images"),
        ("bp", {"schedule.name": "linear", "schedule.decay_epochs": 2}, "is 0 from epoch 3 on"),
        ("bp", {"schedule.final": 0.1}, "'step' has no option 'final'"),
    ],
)
def test_mistakes_are_named(choice, fields, message):
    with pytest.raises(pj.UserError, match=message):
        check_config(make_config(f"{choice},mlp,digits", **fields))

"""Groups of settings that share a program, and that each is trained as it would be alone."""

import jax
import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.runs.run import run
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.groups import builder, make_groups
from tests.reliability.runs import make_config

RATE, SCALE, HIDDEN = "optimizer.learning_rate", "rule.feedback_scale", "model.hidden"


def groups_of(*settings, choice="pepita,mlp,digits"):
    groups = make_groups([make_config(choice, **setting) for setting in settings], "validation")
    numbers = [
        {f: [s[f] for s in g.config["settings"]] for f in g.config["settings"][0]} for g in groups
    ]
    return [(group.indices, n) for group, n in zip(groups, numbers, strict=True)]


def test_settings_that_differ_in_numbers_alone_are_one_group():
    settings = [{RATE: 0.1, SCALE: 0.05}, {RATE: 0.2, SCALE: 0.05}, {RATE: 0.1, SCALE: 0.1}]
    numbers = {RATE: [0.1, 0.2, 0.1], SCALE: [0.05, 0.05, 0.1]}
    assert groups_of(*settings) == [([0, 1, 2], numbers)]
    assert groups_of({"seed": 1}, {"seed": 2}) == [([0, 1], {"seed": [1, 2]})]
    dropout = {"model.dropout": 0.0}, {"model.dropout": 0.5}
    assert groups_of(*dropout)[0][0] == [0, 1]
    with jax.numpy_dtype_promotion("strict"):  # as JAX's environment may ask for
        assert groups_of(*dropout)[0][0] == [0, 1]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (HIDDEN, [(4,), (8,)]),
        ("batch_size", [16, 32]),
        ("optimizer.name", ["sgd", "adagrad"]),
        ("optimizer.nesterov", [True, False]),
        ("rule.presynaptic", ["standard", "modulated"]),
        ("schedule.epochs", [(1,), (2,)]),
    ],
)
def test_settings_with_other_programs_are_other_groups(field, values):
    settings = [{field: value, RATE: rate} for value in values for rate in (0.1, 0.2)]
    numbers = {RATE: [0.1, 0.2]}
    assert groups_of(*settings) == [([0, 1], numbers), ([2, 3], numbers)]


def test_every_setting_and_seed_is_trained_as_it_would_be_alone(tmp_path):
    settings = [{RATE: 0.1, "seed": 3}, {RATE: 0.02, SCALE: 0.2}, {RATE: 0.1, "model.dropout": 0.5}]
    configs = [make_config(validation_fraction=0.2, num_epochs=2, **s) for s in settings]
    (group,) = make_groups(configs, "validation")
    run(group.config, tmp_path / "group", build=builder(group.config))
    together = Workdir(tmp_path / "group").read().history("metrics")
    assert "test_accuracy" not in together
    for number, config in enumerate(configs):
        run(config, tmp_path / str(number))
        alone = pj.load_run(tmp_path / str(number)).history
        its_seeds = slice(number, None, len(settings))  # seed 0 of each setting, then seed 1
        np.testing.assert_array_equal(
            together["learning_rate"][its_seeds], np.float32(alone["learning_rate"])
        )
        # Two epochs of 36 steps: rounding grows, a wrong number or key would show at once.
        np.testing.assert_allclose(
            together["train_loss"][its_seeds], alone["train_loss"], rtol=1e-3, atol=0
        )
        # At most two of 287 images may be seen otherwise.
        np.testing.assert_allclose(
            together["validation_accuracy"][its_seeds], alone["validation_accuracy"], atol=0.01
        )

"""From a configuration to objects."""

import numpy as np
import pytest

from configs.default import get_config
from pepita_jax import UserError
from pepita_jax.runs.configured import build_rule_on_network
from pepita_jax.runs.experiment import build_experiment


def make_config(choice="pepita,mlp,digits", **fields):
    config = get_config(choice)
    config.update_from_flattened_dict(fields)
    return config.to_dict()


def test_epochs_of_the_schedule_are_counted_in_steps_of_the_training_set():
    fields = {"schedule.epochs": (3,), "batch_size": 100, "optimizer.learning_rate": 1.0}
    schedule = build_experiment(make_config(**fields)).optimizer.learning_rate_at
    steps = 3 * (1437 // 100)
    np.testing.assert_allclose([schedule(steps - 1), schedule(steps)], [1.0, 0.1], rtol=1e-6)


def test_options_reach_the_network_and_the_rule():
    fields = {"model.padding": 1, "model.channels": (3, 4), "rule.presynaptic": "standard"}
    rule = build_rule_on_network(make_config("pepita,conv,digits", **fields))
    assert rule.presynaptic == "standard"
    assert [layer.units for layer in rule.net.layers] == [3, 4, 10]
    assert rule.net.layers[0].padding == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"optimizer.name": "adam"}, "'adam' has no option 'momentum'"),
        ({"optimizer.learning_rate": -1.0}, "must be at least 0"),
        ({"num_epochs": 0}, "num_epochs must be"),
        ({"checkpoint_every": 0}, "checkpoint_every must be"),
        ({"matmul_precision": "exact"}, "unknown matmul_precision .exact.; valid: bfloat16"),
    ],
)
def test_mistakes_show_before_data_are_looked_for(fields, message):
    with pytest.raises(UserError, match=message):
        build_experiment(make_config("pepita,mlp,mnist", **fields))  # MNIST is not there


def test_whitening_and_validation_reach_the_data():
    data = build_experiment(make_config(preprocess="whiten", validation_fraction=0.5)).data
    assert len(data.train[0]) == len(data.validation[0]) + 1
    np.testing.assert_allclose(data.train[0].mean(0), 0, atol=1e-5)

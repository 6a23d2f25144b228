"""From a setting to a configuration."""

import pytest

from configs.settings import Chosen, make_config

CHOSEN = Chosen(("bp", "mlp", "digits"), {})


@pytest.mark.parametrize(
    ("field", "written", "wanted"),
    [
        ("model.hidden", 16, (16,)),
        ("model.hidden", [4, 8], (4, 8)),
        ("schedule.epochs", (), ()),
        ("optimizer.nesterov", "true", True),
        ("model.normalize", "FALSE", False),
        ("optimizer.learning_rate", 1, 1.0),
        ("batch_size", "016", 16),
    ],
)
def test_values_are_read_as_on_the_command_line_of_a_run(field, written, wanted):
    value = make_config(CHOSEN, {field: written})
    for name in field.split("."):
        value = value[name]
    assert (type(value), value) == (type(wanted), wanted)

"""What a sweep's folder holds is kept: see also tests/experiments/test_sweep.py."""

import json

import pytest

from pepita_jax import UserError
from pepita_jax.rules import rule_options
from pepita_jax.runs.same_run import SWEEP_FILE
from pepita_jax.sweep.folder import claim


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": 1, "num_seeds": 2}', '{"settings'])
def test_a_damaged_record_is_named_and_kept(text, tmp_path):
    (tmp_path / SWEEP_FILE).write_text(text)
    with pytest.raises(UserError, match=rf"{SWEEP_FILE} is damaged \(.+\)"):
        claim(tmp_path, {"num_seeds": 2}, [{"seed": 0}], "validation")
    assert (tmp_path / SWEEP_FILE).read_text() == text


def test_a_sweep_of_an_earlier_version_goes_on_under_the_name_its_rule_has_now(tmp_path):
    rule = {"name": "pepita_hebbian", **rule_options("pepita_hebbian")}
    config, settings = {"num_seeds": 2, "rule": rule}, [{"optimizer.learning_rate": 0.1}]
    claim(tmp_path, config, settings, "validation")
    path = tmp_path / SWEEP_FILE
    now = path.read_text()
    old = {**rule, "name": "pepita", "update": "time_local", "presynaptic": "modulated"}
    path.write_text(json.dumps({**json.loads(now), "rule": old}))
    claim(tmp_path, config, settings, "validation")
    assert path.read_text() == now
    other = {"name": "pepita", **rule_options("pepita")}
    path.write_text(json.dumps({**json.loads(now), "rule": old}))
    with pytest.raises(UserError, match=r"rule\.name was 'pepita_hebbian', is 'pepita'"):
        claim(tmp_path, {**config, "rule": other}, settings, "validation")

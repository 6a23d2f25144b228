"""What a sweep's folder holds is kept: see also tests/experiments/test_sweep.py."""

import pytest

from pepita_jax import UserError
from pepita_jax.runs.same_run import SWEEP_FILE
from pepita_jax.sweep.folder import claim


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": 1, "num_seeds": 2}', '{"settings'])
def test_a_damaged_record_is_named_and_kept(text, tmp_path):
    (tmp_path / SWEEP_FILE).write_text(text)
    with pytest.raises(UserError, match=rf"{SWEEP_FILE} is damaged \(.+\)"):
        claim(tmp_path, {"num_seeds": 2}, [{"seed": 0}], "validation")
    assert (tmp_path / SWEEP_FILE).read_text() == text

"""TensorBoard's event files."""

import sys

import pytest

from pepita_jax import UserError
from pepita_jax.tensorboard import tensorboard

ROWS = [{"epoch": 1, "seed": k, "test_accuracy": 0.5 + k / 10} for k in (0, 1)]


def test_each_seed_has_its_events(tmp_path):
    with tensorboard(tmp_path, wanted=True) as write:
        write(ROWS)
    for k in (0, 1):
        (events,) = (tmp_path / "tensorboard" / f"seed_{k}").iterdir()
        assert b"test_accuracy" in events.read_bytes()


def test_events_are_written_anew_at_each_start(tmp_path):
    for _ in range(2):
        with tensorboard(tmp_path, wanted=True) as write:
            write(ROWS)
            write([{**row, "epoch": 2} for row in ROWS])
    (events,) = (tmp_path / "tensorboard" / "seed_1").iterdir()
    assert events.read_bytes().count(b"test_accuracy") == 2


def test_nothing_is_written_unless_wanted(tmp_path):
    with tensorboard(tmp_path, wanted=False) as write:
        write(ROWS)
    assert not list(tmp_path.iterdir())


def test_without_the_extra_its_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    message = r"pip install -e '\.\[tensorboard\]'"
    with pytest.raises(UserError, match=message), tensorboard(tmp_path, wanted=True):
        pass

"""Checkpoints."""

import os
import shutil
import subprocess
import sys

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import UserError
from pepita_jax.runs.checkpoint import Checkpoints
from pepita_jax.types import TrainState


def make_state(value):
    params = (jnp.full((2, 3), value), jnp.full((2, 3, 4), value))
    return TrainState(params, (), optax.adam(0.1).init(params), ())


def shapes():
    return jax.eval_shape(lambda: make_state(0.0))


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of three epochs."""
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.latest_epoch == 0
    assert checkpoints.record is None
    for epoch in (1, 2, 3):
        checkpoints.save(epoch, make_state(float(epoch)), {"rows": [epoch]})
    return tmp_path / "checkpoints"


def test_the_newest_state_comes_back_in_its_structure_with_its_record(folder):
    reader = Checkpoints(folder)
    assert (reader.latest_epoch, reader.record, reader.damaged) == (3, {"rows": [3]}, [])
    chex.assert_trees_all_equal(reader.restore(shapes()), make_state(3.0), strict=True)


def test_the_last_two_are_kept(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["2", "3"]


def files_of(checkpoint):
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def test_damage_to_any_file_makes_the_one_before_the_newest(folder):
    for path in files_of(folder / "3"):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        reader = Checkpoints(folder)
        assert (reader.latest_epoch, reader.record, reader.damaged) == (2, {"rows": [2]}, [3]), path
        path.write_bytes(whole)
    chex.assert_trees_all_equal(Checkpoints(folder).restore(shapes()), make_state(3.0))


def test_a_damaged_checkpoint_is_replaced_by_the_next_of_its_epoch(folder):
    files_of(folder / "3")[0].write_bytes(b"")
    Checkpoints(folder).save(3, make_state(7.0), {})
    reader = Checkpoints(folder)
    assert (reader.latest_epoch, reader.damaged) == (3, [])
    chex.assert_trees_all_equal(reader.restore(shapes()), make_state(7.0))


def test_damaged_checkpoints_do_not_push_out_good_ones(folder):
    for epoch in (10, 11):
        shutil.copytree(folder / "3", folder / str(epoch))
        files_of(folder / str(epoch))[0].write_bytes(b"")
    checkpoints = Checkpoints(folder)
    assert checkpoints.damaged == [11, 10]
    checkpoints.save(4, make_state(4.0), {})
    assert sorted(path.name for path in folder.iterdir()) == ["3", "4"]


def test_a_record_that_is_no_json_is_a_bug_and_costs_nothing(folder):
    with pytest.raises(TypeError, match="not JSON serializable"):
        Checkpoints(folder).save(4, make_state(4.0), {"rows": {1}})
    assert Checkpoints(folder).latest_epoch == 3


def test_what_cannot_be_read_is_not_taken_for_damaged(folder, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hashlib.file_digest", refuse)
    with pytest.raises(UserError, match=r"checkpoints cannot be read \(Permission denied\)"):
        Checkpoints(folder)


def test_no_intact_checkpoint_is_no_fresh_start(folder):
    for epoch in ("2", "3"):
        files_of(folder / epoch)[0].write_bytes(b"")
    with pytest.raises(UserError, match=r"no checkpoint in .* is intact \(epochs 3, 2\); remove"):
        Checkpoints(folder)


def test_what_a_crash_left_half_written_is_no_checkpoint(folder):
    shutil.copytree(folder / "3", folder / ".new")
    reader = Checkpoints(folder)
    assert reader.latest_epoch == 3
    reader.save(4, make_state(4.0), {})
    assert sorted(path.name for path in folder.iterdir()) == ["3", "4"]
    assert Checkpoints(folder).latest_epoch == 4


def test_states_of_another_structure_are_named(folder):
    others = jax.eval_shape(lambda: {"W": jnp.zeros(3)})
    with pytest.raises(UserError, match=r"states in .*/3/states do not fit this run"):
        Checkpoints(folder).restore(others)


@pytest.mark.parametrize("params", [(np.ones((2, 4)),), (np.ones((2, 3)),) * 2])
def test_weights_are_read_alone_and_those_of_another_shape_are_named(params, folder):
    reader, wanted = Checkpoints(folder), make_state(3.0).params
    chex.assert_trees_all_equal(reader.restore_some({"params": wanted}), {"params": wanted})
    with pytest.raises(UserError, match=r"states in .*/3/states do not fit this run"):
        reader.restore_some({"params": params})


def test_a_saved_state_does_not_change_with_the_buffers_that_training_gives_up(tmp_path):
    checkpoints, state = Checkpoints(tmp_path), make_state(1.0)
    checkpoints.save(1, state, {})
    jax.jit(lambda s: jax.tree.map(lambda x: x * 0 + 7, s), donate_argnums=0)(state)
    np.testing.assert_array_equal(checkpoints.restore(shapes()).params[0], np.ones((2, 3)))


WRITER = """
import pathlib, jax, jax.numpy as jnp
from pepita_jax.runs.checkpoint import Checkpoints
states = jax.device_put({{"W": jnp.arange(4.0)}}, jax.devices()[1])
Checkpoints(pathlib.Path({folder!r})).save(1, states, {{}})
"""


def test_a_checkpoint_of_another_device_is_restored_here(tmp_path):
    environment = os.environ | {"JAX_NUM_CPU_DEVICES": "2"}
    script = WRITER.format(folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    shapes = {"W": jax.ShapeDtypeStruct((4,), jnp.float32)}
    np.testing.assert_array_equal(Checkpoints(tmp_path).restore(shapes)["W"], np.arange(4.0))

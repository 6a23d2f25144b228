"""Prepared sets that are missing or damaged."""

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.data import load_stored
from tests.data import builders


def test_a_missing_set_names_the_command_that_prepares_it(tmp_path):
    command = "python -m experiments.prepare_data cifar10"
    with pytest.raises(UserError, match=f"'cifar10' is not in .*; prepare it with: {command}$"):
        load_stored("cifar10")
    with pytest.raises(UserError, match=f"{command} --data_dir={tmp_path}$"):
        load_stored("cifar10", data_dir=tmp_path)


def empty_folder(folder):
    for path in folder.iterdir():
        path.unlink()


def lose_a_file(folder):
    next(folder.glob("*-test.array_record*")).unlink()


def truncate(folder):
    path = next(folder.glob("*-train.array_record*"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty_a_file(folder):
    next(folder.glob("*-train.array_record*")).write_bytes(b"")


def flip_a_bit(folder):
    path = next(folder.glob("*-train.array_record*"))
    content = bytearray(path.read_bytes())
    used = np.flatnonzero(np.frombuffer(content, np.uint8))  # the rest is padding
    content[used[len(used) // 2]] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty_folder, lose_a_file, truncate, empty_a_file, flip_a_bit])
def test_a_damaged_set_is_named(damage, tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    damage(folder)
    with pytest.raises(
        UserError, match=r"prepare it with: python -m experiments\.prepare_data mnist"
    ):
        load_stored("mnist")

"""Prepared sets that are missing or damaged."""

import io
import shlex

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


def test_a_command_that_is_named_can_be_pasted(tmp_path):
    data_dir = tmp_path / "it's a folder"
    with pytest.raises(UserError) as caught:
        load_stored("cifar10", data_dir=data_dir)
    _, _, command = str(caught.value).partition("prepare it with: ")
    assert shlex.split(command)[-1] == f"--data_dir={data_dir}"


def test_a_data_folder_that_cannot_be_looked_into_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(UserError, match=f"{folder} cannot be read .Not a directory"):
            load_stored("mnist", data_dir=folder)


def test_without_a_home_the_way_out_is_named(monkeypatch):
    builders.lose_home(monkeypatch)
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert len(load_stored("digits").train[0]) == 1437
    for data_dir in (None, "~/data"):
        with pytest.raises(UserError, match="no such home folder; set data_dir or TFDS_DATA_DIR"):
            load_stored("mnist", data_dir=data_dir)


def closed_file():
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize("stderr", [None, closed_file()], ids=["none", "closed"])
def test_a_closed_standard_error_stops_nothing(stderr, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "~nobody-of-this-name")
    monkeypatch.setattr("sys.stderr", stderr)
    arrays, _ = builders.prepare_small_mnist(monkeypatch, tmp_path)
    found = builders.in_any_order(*load_stored("mnist").train)
    np.testing.assert_array_equal(found, builders.in_any_order(*arrays["train"]))


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

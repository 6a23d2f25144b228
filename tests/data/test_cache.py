"""The cache of decoded images."""

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.data import cache, load_stored
from tests.data import builders


def test_the_second_load_comes_from_the_cache(tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    first = load_stored("mnist")
    monkeypatch.setattr("pepita_jax.data.prepared._read_prepared", None)  # would fail if called
    monkeypatch.delitem(sys.modules, "tensorflow_datasets")
    second = load_stored("mnist")
    assert "tensorflow_datasets" not in sys.modules
    assert second.train[0].dtype == np.uint8
    assert second.train[1].dtype == np.int32
    for one, other in zip(first[:2], second[:2], strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-40], lambda b: b[:5000] + b"\0" * 9
                                    + b[5009:]], ids=["empty", "truncated", "flipped"])  # fmt: skip
def test_an_unreadable_cache_is_rebuilt(damage, tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    first = load_stored("mnist")
    (cached,) = cache.cache_folder().iterdir()
    good = cached.read_bytes()
    cached.write_bytes(damage(good))
    second = load_stored("mnist")
    np.testing.assert_array_equal(first.train[0], second.train[0])
    assert cached.read_bytes() == good


def test_a_changed_data_set_renews_the_cache(tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    load_stored("mnist")
    record = next(folder.glob("mnist-train.array_record*"))
    record.write_bytes(record.read_bytes()[:-100])
    with pytest.raises(UserError, match="cannot be read"):
        load_stored("mnist")


def block_cache(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))


def name_no_user(_, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "~nobody-of-this-name/cache")


def have_no_home(_, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    builders.lose_home(monkeypatch)


def fill_disk(_, monkeypatch):
    def savez(path, **_):
        Path(path).write_text("the first bytes")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", savez)


@pytest.mark.parametrize(
    ("hinder", "reason"),
    [
        (block_cache, "a file/pepita_jax: Not a directory"),
        (name_no_user, "~nobody-of-this-name/cache: there is no such home folder"),
        (have_no_home, "~/.cache: there is no such home folder"),
        (fill_disk, "pepita_jax: No space left on device"),
    ],
)
def test_a_cache_that_cannot_be_written_is_done_without(
    hinder, reason, tmp_path, monkeypatch, capsys
):
    arrays, _ = builders.prepare_small_mnist(monkeypatch, tmp_path)
    for path in cache.cache_folder().iterdir():
        path.unlink()
    cache._say_not_cached.cache_clear()
    capsys.readouterr()
    hinder(tmp_path, monkeypatch)
    for _ in range(2):
        found = builders.in_any_order(*load_stored("mnist").train)
        np.testing.assert_array_equal(found, builders.in_any_order(*arrays["train"]))
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert reason in line
    assert "set XDG_CACHE_HOME" in line
    assert not list(tmp_path.rglob("tmp*"))


@pytest.mark.parametrize("umask", [0o022, 0o007])
def test_who_may_read_is_the_umask_s_to_say(umask, tmp_path, monkeypatch):
    before = os.umask(umask)
    try:
        _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    finally:
        os.umask(before)
    made = [folder, *folder.iterdir(), cache.cache_folder(), *cache.cache_folder().iterdir()]
    assert len(made) == 7
    for path in made:
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~umask, path


class Harmful:
    """Unpickled, this would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_cache_cannot_run_code(tmp_path, monkeypatch):
    arrays, _ = builders.prepare_small_mnist(monkeypatch, tmp_path)
    load_stored("mnist")
    (path,) = cache.cache_folder().iterdir()
    with np.load(path) as file:
        content = dict(file)
    content["train_image"] = np.array([Harmful(tmp_path / "written")], object)
    np.savez(path, allow_pickle=True, **content)
    found = builders.in_any_order(*load_stored("mnist").train)
    np.testing.assert_array_equal(found, builders.in_any_order(*arrays["train"]))
    assert not (tmp_path / "written").exists()

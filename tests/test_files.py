"""Whole files, and checksums that notice every change."""

import subprocess

import pytest

from pepita_jax.files import CHECKSUMS, is_intact, replace_file, write_checksums


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "states").mkdir()
    (tmp_path / "states" / "W 1").write_bytes(bytes(range(256)))
    (tmp_path / "record.json").write_text('{"epoch": 1}')
    write_checksums(tmp_path)
    return tmp_path


def test_an_unchanged_folder_is_intact(folder):
    assert is_intact(folder)
    subprocess.run(["sha256sum", "--check", "--quiet", CHECKSUMS], cwd=folder, check=True)


@pytest.mark.parametrize("name", ["states/W 1", "record.json", CHECKSUMS])
def test_any_flipped_bit_is_noticed(name, folder):
    content = (folder / name).read_bytes()
    for position in range(0, len(content), 5):
        for bit in (1, 128):
            changed = bytearray(content)
            changed[position] ^= bit
            (folder / name).write_bytes(changed)
            assert not is_intact(folder), (position, bit)
    (folder / name).write_bytes(content)
    assert is_intact(folder)


@pytest.mark.parametrize("name", ["states/W 1", "record.json", CHECKSUMS])
def test_lost_emptied_and_truncated_files_are_noticed(name, folder):
    content = (folder / name).read_bytes()
    for damaged in (content[:-1], b""):
        (folder / name).write_bytes(damaged)
        assert not is_intact(folder)
    (folder / name).unlink()
    assert not is_intact(folder)


def test_a_file_too_many_is_noticed_and_an_empty_folder_is_not_intact(folder, tmp_path_factory):
    (folder / "states" / "more").write_text("")
    assert not is_intact(folder)
    empty = tmp_path_factory.mktemp("empty")
    write_checksums(empty)
    assert not is_intact(empty)


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    replace_file(path, "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        replace_file(path, "new")
    assert path.read_text() == "old"

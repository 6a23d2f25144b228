"""Original files that are missing, damaged or harmful are refused, and the file is named."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.data import load_stored
from pepita_jax.data.prepare import prepare
from tests.data import builders
from tests.data.builders import assert_loads


def test_a_missing_file_is_named_with_the_folders_that_were_searched(tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    for folder, searched in (
        (tmp_path, f"{tmp_path}/mnist or {tmp_path}/MNIST/raw or {tmp_path}"),
        (tmp_path / "MNIST" / "raw", f"{tmp_path}/mnist or {tmp_path}/MNIST/raw"),
        (tmp_path / "mnist", f"{tmp_path}/mnist"),
    ):
        builders.write_mnist(folder, arrays)
        (folder / "t10k-labels-idx1-ubyte.gz").unlink()
        stem = "t10k-labels-idx1-ubyte"
        with pytest.raises(
            UserError, match=f"^there is no file {stem} or {stem}.gz in {searched}$"
        ):
            prepare("mnist", source=tmp_path)

    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    unpacked = builders.unpack_cifar10(tmp_path, arrays, "python") / "cifar-10-batches-py"
    (unpacked / "data_batch_3").unlink()
    with pytest.raises(UserError, match=f"there is no file data_batch_3 in .* or {tmp_path}$"):
        prepare("cifar10", source=tmp_path)


def replace_labels(label):
    def damage(folder):
        (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(builders.idx(label)))

    return damage


def cut_first_file(folder):
    path = sorted(folder.iterdir())[0]
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:-5]))


def cut_archive(folder):
    path = sorted(folder.iterdir())[0]
    path.write_bytes(path.read_bytes()[:-20])


def flip_checksum(folder):
    path = sorted(folder.iterdir())[0]
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)


SMALLER = {
    split: (np.zeros((3, 28, 28, 1), np.uint8), np.zeros(3, np.uint8))
    for split in ("train", "test")
}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: [p.unlink() for p in folder.iterdir()], "there is no file train-images"),
        (
            cut_first_file,
            "{}/t10k-images-idx3-ubyte.gz is damaged .it holds 7835 bytes instead of 7840",
        ),
        (cut_archive, "{}/t10k-images-idx3-ubyte.gz is damaged .Compressed file ended"),
        (flip_checksum, "{}/t10k-images-idx3-ubyte.gz is damaged .CRC check failed"),
        (lambda folder: builders.write_mnist(folder, SMALLER), "should have 25 train images"),
        (replace_labels(np.zeros(10, np.uint8)), "train labels of 'mnist' do not fit"),
        (replace_labels(np.full(25, 10, np.uint8)), "train labels of 'mnist' do not fit"),
        (
            lambda folder: [p.write_bytes(b"") for p in folder.iterdir()],
            "{}/train-images.* does not begin as",
        ),
    ],
    ids=[
        "missing",
        "truncated inside",
        "truncated gzip",
        "changed gzip",
        "too few images",
        "too few labels",
        "labels out of range",
        "empty",
    ],
)
def test_damaged_idx_files_are_named(damage, message, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    folder = builders.write_mnist(tmp_path / "originals", arrays)
    damage(folder)
    with pytest.raises(UserError, match=message.format(folder)):
        prepare("mnist", source=folder)
    with pytest.raises(UserError, match="is not in"):
        load_stored("mnist")


class Harmful:
    """Unpickled by Python itself, this would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path, content: b"", "Ran out of input"),
        (lambda path, content: content[:-30], ""),
        (lambda path, content: pickle.dumps({b"labels": [1]}), "it lacks images or labels"),
        (lambda path, content: pickle.dumps({b"labels": [256], b"data": bytes(3072)}), ""),
        (lambda path, content: pickle.dumps(1), ""),
        (lambda path, content: pickle.dumps(Harmful(path)), "it asks for .*open"),
    ],
    ids=["empty", "truncated", "no images", "label out of range", "number", "code"],
)
def test_damaged_or_harmful_pickles_are_refused(change, message, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    members = builders.cifar10_members(arrays, "python")
    written = tmp_path / "written"
    name = "cifar-10-batches-py/data_batch_3"
    members[name] = change(written, members[name])
    archive = tmp_path / "originals" / "cifar-10-python.tar.gz"
    builders.write_tar(archive, members)
    with pytest.raises(UserError, match=rf"data_batch_3 in {archive} is damaged \(.*{message}"):
        prepare("cifar10", source=archive.parent)
    assert not written.exists()


@pytest.mark.parametrize("content", [b"<html>", b""], ids=["a web page", "empty"])
def test_an_archive_that_is_none_is_named(content, tmp_path):
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(UserError, match=f"{archive} is damaged .it is not a tar archive"):
        prepare("cifar10", source=tmp_path)


@pytest.mark.parametrize("climb", ["../../", "/tmp/pepita_jax-climbs/"])
def test_an_archive_cannot_write_outside_its_folder(climb, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    members = {climb + name: x for name, x in builders.cifar10_members(arrays, "binary").items()}
    archive = tmp_path / "a" / "b" / "originals" / "cifar-10-binary.tar.gz"
    prepare("cifar10", source=builders.write_tar(archive, members))
    assert_loads("cifar10", arrays)
    assert not list(tmp_path.rglob("data_batch_*"))
    assert not Path("/tmp/pepita_jax-climbs").exists()

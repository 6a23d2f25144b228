"""Preparing sets from their original files, or from a server, and reading them back."""

import gzip
import hashlib
import http.server
import pickle
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.data import load_stored
from pepita_jax.data.prepare import prepare
from tests.data import builders


def assert_loads(name, arrays):
    dataset = load_stored(name)
    for split in ("train", "test"):
        found = builders.in_any_order(*getattr(dataset, split))
        np.testing.assert_array_equal(found, builders.in_any_order(*arrays[split]))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files(name, zipped, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, name))
    prepare(name, source=builders.write_mnist(tmp_path / "originals", arrays, zipped))
    assert_loads(name, arrays)


def cifar10_members(arrays, version):
    batches = builders.cifar10_batches(arrays)
    if version == "binary":
        return {f"cifar-10-batches-bin/{k}.bin": builders.binary(*v) for k, v in batches.items()}
    return {
        f"cifar-10-batches-py/{k}": builders.pickled(image, labels=label)
        for k, (image, label) in batches.items()
    }


@pytest.mark.parametrize("version", ["binary", "python"])
def test_cifar10_archives(version, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    archive = tmp_path / "originals" / f"cifar-10-{version}.tar.gz"
    prepare("cifar10", source=builders.write_tar(archive, cifar10_members(arrays, version)))
    assert_loads("cifar10", arrays)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_cifar100_archives_give_the_fine_labels(version, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar100"))
    members = {}
    for split, (image, label) in arrays.items():
        coarse = label // 5
        if version == "binary":
            members[f"cifar-100-binary/{split}.bin"] = builders.binary(image, coarse, label)
        else:
            content = builders.pickled(image, fine_labels=label, coarse_labels=coarse)
            members[f"cifar-100-python/{split}"] = content
    archive = tmp_path / "originals" / f"cifar-100-{version}.tar.gz"
    prepare("cifar100", source=builders.write_tar(archive, members))
    assert_loads("cifar100", arrays)


def test_an_unpacked_cifar_archive(tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    for name, content in cifar10_members(arrays, "binary").items():
        path = tmp_path / "originals" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    prepare("cifar10", source=tmp_path / "originals")
    assert_loads("cifar10", arrays)


@pytest.fixture
def server(tmp_path):
    """Serves `tmp_path / "served"` on the loopback address; yields its URL."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def register(monkeypatch, url, files):
    """Makes TFDS expect `files`, with their sizes and checksums, at `url`."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.checksums import UrlInfo
    from tensorflow_datasets.core.utils import Size

    infos = {
        f"{url}/{name}": UrlInfo(Size(len(content)), hashlib.sha256(content).hexdigest(), name)
        for name, content in files.items()
    }
    builder = tfds.image_classification.MNIST
    monkeypatch.setattr(builder, "url_infos", infos)


def test_downloads_are_checked_and_prepared_without_tensorflow(tmp_path, monkeypatch, server):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    builders.write_mnist(tmp_path / "served", arrays)
    files = {path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()}
    register(monkeypatch, server, files)
    prepare("mnist")
    assert_loads("mnist", arrays)
    assert "tensorflow" not in sys.modules


def test_a_download_with_a_wrong_checksum_is_refused(tmp_path, monkeypatch, server):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    builders.write_mnist(tmp_path / "served", arrays)
    files = {path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()}
    register(monkeypatch, server, files)
    damaged = tmp_path / "served" / "train-images-idx3-ubyte.gz"
    content = bytearray(damaged.read_bytes())
    content[200] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(UserError, match=r"cannot download 'mnist' \(NonMatchingChecksumError"):
        prepare("mnist")
    with pytest.raises(UserError, match="is not in"):
        load_stored("mnist")


def test_without_network_the_way_out_is_named(monkeypatch):
    builders.shrink(monkeypatch, "mnist")
    # TFDS would try for minutes.
    monkeypatch.setattr("tensorflow_datasets.core.download.downloader.MAX_RETRIES", 1)
    register(monkeypatch, "http://127.0.0.1:9", {"train-images-idx3-ubyte.gz": b""})
    with pytest.raises(UserError, match=r"cannot download 'mnist' .* add --from=FOLDER"):
        prepare("mnist")


def test_a_readable_set_is_left_alone_and_a_damaged_one_is_written_again(tmp_path, monkeypatch):
    arrays, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    record = next(folder.glob("mnist-train.array_record*"))
    written = record.stat().st_mtime_ns
    prepare("mnist", source=tmp_path / "originals")
    assert record.stat().st_mtime_ns == written

    record.write_bytes(record.read_bytes()[:100])
    prepare("mnist", source=tmp_path / "originals")
    assert_loads("mnist", arrays)


class Harmful:
    """Unpickled by Python itself, this would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


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


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: [p.unlink() for p in folder.iterdir()], "there is no file train-images"),
        (cut_first_file, "an IDX file holds"),
        (cut_archive, "files of 'mnist' are damaged"),
        (lambda folder: builders.write_mnist(folder, SMALLER), "should have 25 train images"),
        (replace_labels(np.zeros(10, np.uint8)), "train labels of 'mnist' do not fit"),
        (replace_labels(np.full(25, 10, np.uint8)), "train labels of 'mnist' do not fit"),
        (lambda folder: [p.write_bytes(b"") for p in folder.iterdir()], "does not begin as"),
    ],
    ids=[
        "missing",
        "truncated inside",
        "truncated gzip",
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
    with pytest.raises(UserError, match=message):
        prepare("mnist", source=folder)
    with pytest.raises(UserError, match="is not in"):
        load_stored("mnist")


SMALLER = {
    split: (np.zeros((3, 28, 28, 1), np.uint8), np.zeros(3, np.uint8))
    for split in ("train", "test")
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path, content: b"", "damaged: Ran out of input"),
        (lambda path, content: content[:-30], "a CIFAR batch is damaged"),
        (lambda path, content: pickle.dumps({b"labels": [1]}), "lacks images or labels"),
        (lambda path, content: pickle.dumps(Harmful(path)), "it asks for .*open"),
    ],
    ids=["empty", "truncated", "no images", "code"],
)
def test_damaged_or_harmful_pickles_are_refused(change, message, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    members = cifar10_members(arrays, "python")
    written = tmp_path / "written"
    name = "cifar-10-batches-py/data_batch_3"
    members[name] = change(written, members[name])
    archive = tmp_path / "originals" / "cifar-10-python.tar.gz"
    with pytest.raises(UserError, match=message):
        prepare("cifar10", source=builders.write_tar(archive, members))
    assert not written.exists()


@pytest.mark.parametrize("climb", ["../../", "/tmp/pepita_jax-climbs/"])
def test_an_archive_cannot_write_outside_its_folder(climb, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    members = {climb + name: x for name, x in cifar10_members(arrays, "binary").items()}
    archive = tmp_path / "a" / "b" / "originals" / "cifar-10-binary.tar.gz"
    prepare("cifar10", source=builders.write_tar(archive, members))
    assert_loads("cifar10", arrays)
    assert not list(tmp_path.rglob("data_batch_*"))
    assert not Path("/tmp/pepita_jax-climbs").exists()


def test_what_is_there_stays_until_its_replacement_is_complete(tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    record = next(folder.glob("mnist-train.array_record*"))
    record.write_bytes(record.read_bytes()[:100])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="there is no file"):
        prepare("mnist", source=tmp_path)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name for path in folder.parent.parent.iterdir()} <= {"mnist", "downloads"}


def test_a_set_in_a_format_that_needs_tensorflow_is_left_alone(tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    info = folder / "dataset_info.json"
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    for use in (prepare, load_stored):
        with pytest.raises(UserError, match="stored as tfrecord, which needs TensorFlow"):
            use("mnist")
    assert list(folder.glob("mnist-train.array_record*"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    folder = builders.write_mnist(tmp_path / "originals", arrays)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot prepare 'mnist' in"):
        prepare("mnist", data_dir=tmp_path / "file" / "data", source=folder)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("digits", None, "unknown dataset to prepare 'digits'; valid: cifar10, cifar100"),
        ("mnist", "nowhere", "there is no folder nowhere"),
        ("cifar10", ".", "there is no cifar-10-binary.tar.gz or cifar-10-python.tar.gz"),
    ],
)
def test_mistakes_are_named(name, source, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        prepare(name, source=source)

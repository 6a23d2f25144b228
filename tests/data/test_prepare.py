"""Preparing sets, from files or a server: what is there, others at work, what cannot be written."""

import errno
import hashlib
import http.server
import os
import sys
import threading
from pathlib import Path

import pytest

from pepita_jax import UserError
from pepita_jax.data import load_stored
from pepita_jax.data import prepare as preparing
from pepita_jax.data.prepare import prepare
from tests.data import builders
from tests.data.builders import assert_loads


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


def test_what_is_there_stays_until_its_replacement_is_complete(tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    record = next(folder.glob("mnist-train.array_record*"))
    record.write_bytes(record.read_bytes()[:100])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="there is no file"):
        prepare("mnist", source=tmp_path)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name for path in folder.parent.parent.iterdir()} <= {"mnist", "downloads"}


def test_a_set_that_another_process_has_prepared_meanwhile_stays(tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    folder = builders.write_mnist(tmp_path / "originals", arrays)
    write, others = preparing._write, []

    def write_later(*arguments):
        monkeypatch.setattr(preparing, "_write", write)
        others.append(prepare("mnist", source=folder).stat())
        return write(*arguments)

    monkeypatch.setattr(preparing, "_write", write_later)
    assert prepare("mnist", source=folder).stat() == others[0]
    assert_loads("mnist", arrays)


def test_of_two_processes_that_replace_a_set_at_once_one_does(tmp_path, monkeypatch):
    place, new = tmp_path / "mnist" / "1.0.0", tmp_path / "new"
    for folder, text in ((place, "damaged"), (new, "mine")):
        folder.mkdir(parents=True)
        (folder / "file").write_text(text)
    rename = Path.rename

    def rename_second(path, target):
        if target == place:
            place.mkdir()
            (place / "file").write_text("the other's")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_second)
    preparing._replace(place, new, tmp_path / "old")
    assert (place / "file").read_text() == "the other's"


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

    def no_rights(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", no_rights)
    message = f"cannot prepare 'mnist' in {tmp_path / 'data'}: .*Permission denied; --data_dir"
    with pytest.raises(UserError, match=message):
        prepare("mnist", data_dir=tmp_path / "data", source=folder)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("digits", None, "'digits' needs no preparation: it comes with the installation"),
        ("kmnits", None, r"unknown dataset 'kmnits'; valid: cifar10, .* \(such as kmnist"),
        ("emnist", None, "'emnist' has parts: give emnist/PART, of byclass, bymerge, "),
        ("emnist/all", None, "'emnist' has no part 'all'; valid: byclass, bymerge"),
        ("mnist/all", None, "'mnist' has no part 'all'$"),
        ("caltech101", None, r"'caltech101' have no fixed shape, but \(None, None, 3\)"),
        ("lfw", None, "'lfw' does not consist of images with one class each"),
        ("coco/2017", None, "'coco/2017' cannot be used here: No module named 'tensorflow'"),
        ("svhn_cropped", ".", "there is no file train_32x32.mat in .*"),
        ("mnist", "nowhere", "--from: there is no folder .*/nowhere$"),
        ("cifar10", ".", "there is no cifar-10-binary.tar.gz or cifar-10-python.tar.gz"),
    ],
)
def test_mistakes_are_named(name, source, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        prepare(name, source=source)

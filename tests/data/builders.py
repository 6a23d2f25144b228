"""Small data sets in the formats in which the real ones are published."""

import gzip
import io
import pickle
import tarfile

import numpy as np

from pepita_jax.data import load_stored, sets
from pepita_jax.data.prepare import prepare


def shrink(monkeypatch, name, num_train=25, num_test=10):
    """Lets data set `name` have few images."""
    info = sets.DATASETS[name]._replace(num_train=num_train, num_test=num_test)
    monkeypatch.setitem(sets.DATASETS, name, info)
    return info


def make_arrays(info, seed=0):
    """Random images and labels, `{"train": (image, label), "test": ...}`."""
    rng = np.random.default_rng(seed)
    return {
        split: (
            rng.integers(0, 256, (count, *info.image_shape), np.uint8),
            rng.integers(0, info.num_classes, count, np.uint8),
        )
        for split, count in (("train", info.num_train), ("test", info.num_test))
    }


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def mnist_files(arrays):
    files = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        image, label = arrays[split]
        files[f"{stem}-images-idx3-ubyte"] = idx(image[..., 0])
        files[f"{stem}-labels-idx1-ubyte"] = idx(label)
    return files


def write_mnist(folder, arrays, zipped=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in mnist_files(arrays).items():
        path = folder / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


def cifar10_batches(arrays):
    """`{stem: (image, label)}`: the training set in five batches."""
    image, label = arrays["train"]
    parts = np.array_split(np.arange(len(image)), 5)
    batches = {f"data_batch_{i + 1}": (image[p], label[p]) for i, p in enumerate(parts)}
    return {**batches, "test_batch": arrays["test"]}


def as_rows(image):
    """Channels first, as CIFAR stores them: `[N, 3072]`."""
    return image.transpose(0, 3, 1, 2).reshape(len(image), -1)


def binary(image, *labels):
    return np.hstack([*(label[:, None] for label in labels), as_rows(image)]).tobytes()


def pickled(image, **labels):
    batch = {key.encode(): [int(v) for v in values] for key, values in labels.items()}
    return pickle.dumps({**batch, b"data": as_rows(image)}, protocol=2)


def cifar10_members(arrays, version):
    batches = cifar10_batches(arrays)
    if version == "binary":
        return {f"cifar-10-batches-bin/{k}.bin": binary(*v) for k, v in batches.items()}
    return {
        f"cifar-10-batches-py/{k}": pickled(image, labels=label)
        for k, (image, label) in batches.items()
    }


def unpack_cifar10(folder, arrays, version):
    for name, content in cifar10_members(arrays, version).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_tar(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path.parent


def prepare_small_mnist(monkeypatch, tmp_path):
    """Prepares a small MNIST where TFDS would; returns its arrays and its folder."""
    info = shrink(monkeypatch, "mnist")
    arrays = make_arrays(info)
    return arrays, prepare("mnist", source=write_mnist(tmp_path / "originals", arrays))


def lose_home(monkeypatch):
    """As for a user without a home folder: neither a variable nor the system tells of one."""

    def no_such_user(_):
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", no_such_user)


def in_any_order(image, label):
    """TFDS shuffles what it writes: a sorted view by which two sets can be compared."""
    rows = np.hstack([image.reshape(len(image), -1), np.asarray(label)[:, None]])
    return rows[np.lexsort(rows.T)]


def assert_loads(name, arrays):
    """A prepared set has just these images and labels, in any order."""
    dataset = load_stored(name)
    for split in ("train", "test"):
        found = in_any_order(*getattr(dataset, split))
        np.testing.assert_array_equal(found, in_any_order(*arrays[split]))

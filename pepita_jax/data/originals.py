"""Parsing the files that the data sets' authors published, with NumPy alone.

MNIST and Fashion-MNIST: four IDX files, gzipped or not. CIFAR: the binary or the Python
version, as an archive or unpacked. Nothing is unpacked to disk, and no pickle can run code.
"""

import gzip
import lzma
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pepita_jax.data.pickles import load_arrays
from pepita_jax.data.sources import find_originals
from pepita_jax.errors import UserError, require

DAMAGED = (
    EOFError,
    ValueError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    tarfile.TarError,
    zlib.error,
)
CIFAR_IMAGE = (3, 32, 32)


class MissingError(UserError):
    """A file of the set is not there."""


def read_originals(name, source):
    """Finds and parses the original files of a data set in the folder `source`.

    Returns:
        As `parse_originals`.

    Raises:
        UserError: files are missing or damaged; the folder is not there or cannot be read.
    """
    files, searched = find_originals(name, source)
    try:
        return parse_originals(name, files)
    except MissingError as error:
        raise UserError(f"{error} in {' or '.join(map(str, searched))}") from error


def parse_originals(name, files):
    """Parses the original files of data set `name`.

    Args:
        name: `mnist`, `fashion_mnist`, `cifar10` or `cifar100`.
        files: `{file name: path}`; others may be among them.

    Returns:
        `{"train": columns, "test": columns}`, each a dict of `image` `[N, H, W, C]` uint8,
        `label` `[N]`, and for CIFAR-100 `coarse_label`.

    Raises:
        UserError: a file is missing, damaged or cannot be read.
    """
    return PARSERS[name](files)


@contextmanager
def _reading(place):
    """Says which file it is that is damaged or cannot be read."""
    try:
        yield
    except DAMAGED as error:
        message = f"{place} is damaged ({error}); replace it, or remove it to download it again"
        raise UserError(message) from error
    except OSError as error:
        raise UserError(f"{place} cannot be read ({error.strerror or error})") from error


def _parse_mnist(files):
    splits = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        image = _read_idx(files, f"{stem}-images-idx3-ubyte")
        label = _read_idx(files, f"{stem}-labels-idx1-ubyte")
        splits[split] = {"image": image[..., None], "label": label}
    return splits


def _read_idx(files, stem):
    names = [stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"]
    found = [files[name] for name in names if name in files]
    if not found:
        raise MissingError(f"there is no file {stem} or {stem}.gz")
    with _reading(found[0]):
        content = found[0].read_bytes()
        return _parse_idx(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


def _parse_idx(content):
    """The IDX format: 0 0 type rank, then a big-endian 32-bit size an axis, then the bytes."""
    require(
        content[:3] == b"\0\0\x08" and len(content) > 3,
        "it does not begin as an IDX file of bytes does",
    )
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    body = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    expected = int(np.prod(sizes, dtype=np.int64))
    require(len(body) == expected, f"it holds {len(body)} bytes instead of {expected}")
    return body.reshape(sizes)


def _parse_cifar(prefix, train, test, label_keys, files):
    """Parses whichever version is there: `prefix`-binary or `prefix`-python."""
    wanted, missing = [*train, *test], f"{prefix}-binary.tar.gz or {prefix}-python.tar.gz"
    versions = {".bin": _parse_cifar_binary, "": _parse_cifar_pickle}
    names = [name + suffix for name in wanted for suffix in versions]
    for batches in _find_batches(files, prefix, names):
        for suffix, parse in versions.items():
            absent = [name + suffix for name in wanted if name + suffix not in batches]
            if not absent:
                parts = [_parse_batch(parse, *batches[n + suffix], label_keys) for n in wanted]
                return {"train": _join(parts[: len(train)]), "test": _join(parts[len(train) :])}
            if len(absent) < len(wanted):
                missing = f"file {absent[0]}"
    raise MissingError(f"there is no {missing}")


def _find_batches(files, prefix, names):
    """`{name: (place, content)}` of the batches that are unpacked, then of each archive's."""
    yield {name: _read_batch(files[name]) for name in names if name in files}
    for name, path in files.items():
        if name.startswith(f"{prefix}-") and (".tar" in name or name.endswith(".tgz")):
            yield _read_archive(path, names)


def _read_batch(path):
    with _reading(path):
        return path, path.read_bytes()


def _read_archive(path, names):
    with _reading(path):
        require(tarfile.is_tarfile(path), "it is not a tar archive")
        found = {}
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                if member.isfile() and name in names:
                    file = archive.extractfile(member)
                    found[name] = f"{name} in {path}", file.read()  # ty: ignore[missing-union-attribute]
        return found


def _parse_batch(parse, place, content, label_keys):
    with _reading(place):
        return parse(content, label_keys)


def _parse_cifar_binary(content, label_keys):
    """Records of one byte a label, then 3072 bytes of red, green and blue rows."""
    width = len(label_keys) + int(np.prod(CIFAR_IMAGE))
    require(content and len(content) % width == 0, "it is truncated")
    records = np.frombuffer(content, np.uint8).reshape(-1, width)
    labels = {key: records[:, i] for i, key in enumerate(label_keys)}
    return {"image": records[:, len(label_keys) :].reshape(-1, *CIFAR_IMAGE), **labels}


def _parse_cifar_pickle(content, label_keys):
    """The Python version: a dict of arrays, under names of its own."""
    try:
        return _columns_of(load_arrays(content), label_keys)
    # A damaged pickle can raise anything, and can hold anything.
    except Exception as error:
        raise UserError(str(error) or type(error).__name__) from error


def _columns_of(batch, label_keys):
    names = {"label": [b"labels", b"fine_labels"], "coarse_label": [b"coarse_labels"]}
    found = {key: [batch[n] for n in names[key] if n in batch] for key in label_keys}
    require(b"data" in batch and all(found.values()), "it lacks images or labels")
    image = np.asarray(batch[b"data"], np.uint8).reshape(-1, *CIFAR_IMAGE)
    labels = {key: np.asarray(values[0], np.uint8) for key, values in found.items()}
    same = all(len(values) == len(image) for values in labels.values())
    require(same, "it has not one label an image")
    return {"image": image, **labels}


def _join(parts):
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns["image"] = np.ascontiguousarray(columns["image"].transpose(0, 2, 3, 1))
    return columns


def _cifar(prefix, train, test, label_keys):
    return lambda files: _parse_cifar(prefix, train, test, label_keys, files)


PARSERS = {
    "mnist": _parse_mnist,
    "fashion_mnist": _parse_mnist,
    "cifar10": _cifar(
        "cifar-10", [f"data_batch_{i}" for i in range(1, 6)], ["test_batch"], ["label"]
    ),
    "cifar100": _cifar("cifar-100", ["train"], ["test"], ["coarse_label", "label"]),
}

"""Parses the files that the data sets' authors published, without TensorFlow.

MNIST and its kin: four IDX files, gzipped or not; of EMNIST also in its zip archive. CIFAR: the
binary or the Python version, as an archive or unpacked. SVHN: two MATLAB files. Nothing is unpacked
to disk, and no pickle can run code.
"""

import gzip
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from pepita_jax.data.cifar import parse_cifar
from pepita_jax.data.reading import MissingError, reading
from pepita_jax.data.sources import find_originals
from pepita_jax.errors import UserError, require

Columns = dict[str, np.ndarray]


def read_originals(name: str, source: Path) -> dict[str, Columns]:
    """Finds and parses the original files of a data set in the folder `source`.

    Returns:
        See `parse_originals`.

    Raises:
        UserError: files are missing or damaged, or the folder is missing or cannot be read.
    """
    files, searched = find_originals(name, source)
    try:
        return parse_originals(name, files)
    except MissingError as error:
        raise UserError(f"{error} in {' or '.join(map(str, searched))}") from error


def parse_originals(name: str, files: dict[str, Path]) -> dict[str, Columns]:
    """Parses the original files of data set `name`.

    Args:
        name: a set that has a parser; `emnist` with its configuration, as in `emnist/balanced`.
        files: `{file name: path}`; it may include other files.

    Returns:
        `{"train": columns, "test": columns}`, each a dict of `image` `[N, H, W, C]` uint8,
        `label` `[N]`, and for CIFAR-100 `coarse_label`.

    Raises:
        UserError: a file is missing, damaged or cannot be read.
    """
    base, _, config = name.partition("/")
    return PARSERS[base](files, *filter(None, [config]))


def has_parser(name: str) -> bool:
    """Whether the original files of a set are parsed here."""
    return name.partition("/")[0] in PARSERS


def _parse_mnist(files, stems=("train", "t10k")):
    splits = {}
    for split, stem in zip(("train", "test"), stems, strict=True):
        image = _read_idx(files, f"{stem}-images-idx3-ubyte")
        label = _read_idx(files, f"{stem}-labels-idx1-ubyte")
        splits[split] = {"image": image[..., None], "label": label}
    return splits


def _parse_emnist(files, config):
    """The images as stored, mirrored and turned; TensorFlow Datasets keeps them like that."""
    return _parse_mnist(files, (f"emnist-{config}-train", f"emnist-{config}-test"))


def _parse_svhn(files):
    """MATLAB's `X` `[H, W, C, N]`, and `y` `[N, 1]`, in which 10 stands for the digit 0."""
    splits = {}
    for split in ("train", "test"):
        name = f"{split}_32x32.mat"
        if name not in files:
            raise MissingError(f"there is no file {name}")
        with reading(files[name]):
            image, label = _read_matlab(files[name])
        splits[split] = {"image": image.transpose(3, 0, 1, 2), "label": label.ravel() % 10}
    return splits


def _read_matlab(path):
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=("X", "y"))
    # A damaged file can raise anything; only an error of the system has an errno.
    except Exception as error:
        if getattr(error, "errno", None):
            raise
        raise UserError(str(error) or type(error).__name__) from error
    is_svhn = {"X", "y"} <= content.keys() and content["X"].ndim == 4
    require(is_svhn and content["X"].dtype == np.uint8, "it lacks images X or labels y")
    return content["X"], content["y"]


def _read_idx(files, stem):
    names = [stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"]
    contents = [(files[name], files[name].read_bytes) for name in names if name in files]
    contents = contents or _in_zip(files, names)
    if not contents:
        raise MissingError(f"there is no file {stem} or {stem}.gz")
    place, read = contents[0]
    with reading(place):
        content = read()
        return _parse_idx(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


def _in_zip(files, names):
    """`[(place, () -> content)]` of those of `names` that a zip archive has."""
    found = []
    for path in (path for name, path in files.items() if name.endswith(".zip")):
        with reading(path), zipfile.ZipFile(path) as archive:
            members = [m for m in archive.namelist() if Path(m).name in names]
            found += [(f"{m} in {path}", partial(zipfile.ZipFile(path).read, m)) for m in members]
    return found


def _parse_idx(content):
    """The IDX format: 0 0 type rank, then a big-endian 32-bit size per axis, then the bytes."""
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


PARSERS: dict[str, Callable[..., dict[str, Columns]]] = {
    "mnist": _parse_mnist,
    "fashion_mnist": _parse_mnist,
    "kmnist": _parse_mnist,
    "emnist": _parse_emnist,
    "svhn_cropped": _parse_svhn,
    "cifar10": partial(
        parse_cifar, "cifar-10", [f"data_batch_{i}" for i in range(1, 6)], ["test_batch"], ["label"]
    ),
    "cifar100": partial(parse_cifar, "cifar-100", ["train"], ["test"], ["coarse_label", "label"]),
}
# Files that builders would download for splits other than train and test.
NOT_NEEDED = {"extra_32x32.mat"}

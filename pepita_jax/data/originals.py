"""Parsing the files that the data sets' authors published, with NumPy alone.

MNIST and Fashion-MNIST: four IDX files, gzipped or not. CIFAR: the binary or the Python
version, as an archive or unpacked. Nothing is unpacked to disk, and no pickle can run code.
"""

import gzip
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
        As `parse_originals`.

    Raises:
        UserError: files are missing or damaged; the folder is not there or cannot be read.
    """
    files, searched = find_originals(name, source)
    try:
        return parse_originals(name, files)
    except MissingError as error:
        raise UserError(f"{error} in {' or '.join(map(str, searched))}") from error


def parse_originals(name: str, files: dict[str, Path]) -> dict[str, Columns]:
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
    with reading(found[0]):
        content = found[0].read_bytes()
        return _parse_idx(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


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


PARSERS = {
    "mnist": _parse_mnist,
    "fashion_mnist": _parse_mnist,
    "cifar10": partial(
        parse_cifar, "cifar-10", [f"data_batch_{i}" for i in range(1, 6)], ["test_batch"], ["label"]
    ),
    "cifar100": partial(parse_cifar, "cifar-100", ["train"], ["test"], ["coarse_label", "label"]),
}

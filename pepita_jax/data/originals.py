"""Parsing the files that the data sets' authors published, with NumPy alone.

MNIST and Fashion-MNIST: four IDX files, gzipped or not. CIFAR: the binary or the Python
version, as an archive or unpacked. Nothing is unpacked to disk, and no pickle can run code.
"""

import gzip
import io
import pickle
import tarfile
import zlib
from pathlib import Path

import numpy as np

from pepita_jax.errors import UserError, require

DAMAGED = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError)
CIFAR_IMAGE = (3, 32, 32)


def files_in(folder):
    """The files in `folder`, and in the folders of unpacked CIFAR archives in it, by name."""
    folder = Path(folder).expanduser()
    require(folder.is_dir(), f"--from: there is no folder {folder}")
    paths = [*folder.glob("cifar-*/*"), *folder.iterdir()]
    return {path.name: path for path in paths if path.is_file()}


def parse_originals(name, files):
    """Parses the original files of data set `name`.

    Args:
        name: `mnist`, `fashion_mnist`, `cifar10` or `cifar100`.
        files: `{file name: path}`; others may be among them.

    Returns:
        `{"train": columns, "test": columns}`, each a dict of `image` `[N, H, W, C]` uint8,
        `label` `[N]`, and for CIFAR-100 `coarse_label`.

    Raises:
        UserError: files are missing or damaged.
    """
    try:
        return PARSERS[name](files)
    except UserError:
        raise
    except DAMAGED as error:
        raise UserError(f"the files of {name!r} are damaged: {error}") from error


def _parse_mnist(files):
    splits = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        image = _parse_idx(_read_plain(files, f"{stem}-images-idx3-ubyte"))
        label = _parse_idx(_read_plain(files, f"{stem}-labels-idx1-ubyte"))
        splits[split] = {"image": image[..., None], "label": label}
    return splits


def _read_plain(files, stem):
    names = [stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"]
    found = [files[name] for name in names if name in files]
    require(found, f"there is no file {stem} or {stem}.gz")
    content = found[0].read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _parse_idx(content):
    """The IDX format: 0 0 type rank, then a big-endian 32-bit size an axis, then the bytes."""
    require(
        content[:3] == b"\0\0\x08" and len(content) > 3,
        "an IDX file of bytes does not begin as it should",
    )
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    body = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    expected = int(np.prod(sizes, dtype=np.int64))
    require(len(body) == expected, f"an IDX file holds {len(body)} bytes instead of {expected}")
    return body.reshape(sizes)


def _parse_cifar(prefix, train, test, label_keys, files):
    """Parses whichever version is there: `prefix`-binary or `prefix`-python."""
    wanted = [*train, *test]
    for suffix, parse in ((".bin", _parse_cifar_binary), ("", _parse_cifar_pickle)):
        contents = _collect(files, prefix, [name + suffix for name in wanted])
        if contents:
            parts = [parse(content, label_keys) for content in contents]
            return {"train": _join(parts[: len(train)]), "test": _join(parts[len(train) :])}
    raise UserError(f"there is no {prefix}-binary.tar.gz or {prefix}-python.tar.gz")


def _collect(files, prefix, names):
    """Contents of `names`, from an archive of that prefix or as files; None if not complete."""
    for path in (path for name, path in files.items() if name.startswith(prefix + "-")):
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                members = {Path(m.name).name: m for m in archive.getmembers() if m.isfile()}
                if all(name in members for name in names):
                    return [archive.extractfile(members[name]).read() for name in names]
    if all(name in files for name in names):
        return [files[name].read_bytes() for name in names]
    return None


def _parse_cifar_binary(content, label_keys):
    """Records of one byte a label, then 3072 bytes of red, green and blue rows."""
    width = len(label_keys) + int(np.prod(CIFAR_IMAGE))
    require(content and len(content) % width == 0, "a CIFAR batch is truncated")
    records = np.frombuffer(content, np.uint8).reshape(-1, width)
    labels = {key: records[:, i] for i, key in enumerate(label_keys)}
    return {"image": records[:, len(label_keys) :].reshape(-1, *CIFAR_IMAGE), **labels}


def _parse_cifar_pickle(content, label_keys):
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    # A damaged pickle can raise anything.
    except Exception as error:
        raise UserError(f"a CIFAR batch is damaged: {error}") from error
    names = {"label": [b"labels", b"fine_labels"], "coarse_label": [b"coarse_labels"]}
    found = {key: [batch[n] for n in names[key] if n in batch] for key in label_keys}
    require(b"data" in batch and all(found.values()), "a CIFAR batch lacks images or labels")
    image = np.asarray(batch[b"data"], np.uint8).reshape(-1, *CIFAR_IMAGE)
    labels = {key: np.asarray(values[0], np.uint8) for key, values in found.items()}
    same = all(len(values) == len(image) for values in labels.values())
    require(same, "a CIFAR batch has not one label an image")
    return {"image": image, **labels}


def _join(parts):
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns["image"] = np.ascontiguousarray(columns["image"].transpose(0, 2, 3, 1))
    return columns


# All that a pickle of arrays and byte strings may ask for.
ALLOWED_IN_PICKLES = {
    ("multiarray", "_reconstruct"): lambda *_: np.ndarray((0,), np.int8),
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode("latin1"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds NumPy arrays and byte strings, and nothing else: it cannot run code."""

    def find_class(self, module, name):
        short = "multiarray" if module.endswith("core.multiarray") else module
        if (short, name) not in ALLOWED_IN_PICKLES:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which images do not need")
        return ALLOWED_IN_PICKLES[short, name]


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

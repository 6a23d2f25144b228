"""Parses CIFAR-10 and CIFAR-100: the binary or the Python version, as an archive or unpacked."""

import tarfile
from pathlib import Path

import numpy as np

from pepita_jax.data.pickles import load_arrays
from pepita_jax.data.reading import MissingError, reading
from pepita_jax.errors import UserError, require

CIFAR_IMAGE = (3, 32, 32)


def parse_cifar(
    prefix: str,
    train: list[str],
    test: list[str],
    label_keys: list[str],
    files: dict[str, Path],
) -> dict[str, dict[str, np.ndarray]]:
    """Parses whichever version is there: `prefix`-binary or `prefix`-python.

    Args:
        prefix: `cifar-10` or `cifar-100`.
        train, test: names of the batches, without a suffix.
        label_keys: names of the labels that each image has, in the order of the binary version.
        files: `{file name: path}`; it may include other files.

    Raises:
        UserError: a file is missing, damaged or cannot be read.
    """
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
    """Yields `{name: (place, content)}` of the unpacked batches, then of each archive's batches."""
    yield {name: _read_batch(files[name]) for name in names if name in files}
    for name, path in files.items():
        if name.startswith(f"{prefix}-") and (".tar" in name or name.endswith(".tgz")):
            yield _read_archive(path, names)


def _read_batch(path):
    with reading(path):
        return path, path.read_bytes()


def _read_archive(path, names):
    with reading(path):
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
    with reading(place):
        return parse(content, label_keys)


def _parse_cifar_binary(content, label_keys):
    """Records of one byte per label, then 3072 bytes of red, green and blue rows."""
    width = len(label_keys) + int(np.prod(CIFAR_IMAGE))
    require(content and len(content) % width == 0, "it is truncated")
    records = np.frombuffer(content, np.uint8).reshape(-1, width)
    labels = {key: records[:, i] for i, key in enumerate(label_keys)}
    return {"image": records[:, len(label_keys) :].reshape(-1, *CIFAR_IMAGE), **labels}


def _parse_cifar_pickle(content, label_keys):
    """The Python version: a dict of arrays, which has its own names."""
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
    require(same, "it does not have one label per image")
    return {"image": image, **labels}


def _join(parts):
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns["image"] = np.ascontiguousarray(columns["image"].transpose(0, 2, 3, 1))
    return columns

"""Prepares data sets with TensorFlow Datasets' own builders, without TensorFlow."""

import io
import tempfile
from contextlib import redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any

from pepita_jax.data import generate
from pepita_jax.data.builders import make_builder
from pepita_jax.data.load import dataset_info
from pepita_jax.data.originals import has_parser, read_originals
from pepita_jax.data.prepared import find_prepared, find_versions, load_prepared, tfds_folder
from pepita_jax.data.sets import DATASETS
from pepita_jax.data.sources import find_originals
from pepita_jax.errors import UserError, require
from pepita_jax.watching import standard_error


def prepare(name: str, data_dir: Any = None, source: Any = None) -> Path:
    """Writes a data set as ArrayRecord, unless a readable one is there already.

    A damaged one is replaced only once the new one is complete.

    Args:
        name: name of a set of TensorFlow Datasets, with its configuration if it has several.
        data_dir: folder of TensorFlow Datasets; None: `TFDS_DATA_DIR`, or the home folder's.
        source: folder with the original files, or with a subfolder for each set; None: they are
            downloaded.

    Returns:
        The folder of the prepared set.

    Raises:
        UserError: there is no such set, or it needs TensorFlow; files are missing, damaged or
            cannot be downloaded; the folder cannot be written, or holds the set in another format.
    """
    check_preparable(name)
    if not _is_there(name, data_dir):
        _put(name, data_dir, _plan(name, source))
        load_prepared(name, dataset_info(name, data_dir), data_dir)
    return find_prepared(name, data_dir)


def check_preparable(name: str) -> None:
    """Raises a `UserError` unless TensorFlow Datasets has an image-classification set of that name.

    This reads only the builder's code.
    """
    is_bundled = name in DATASETS and DATASETS[name].load
    require(not is_bundled, f"{name!r} needs no preparation: it comes with the installation")
    generate.image_and_label(name, make_builder(name).info)


def _plan(name, source):
    """The function that changes a set's builder so that it writes the set."""
    if source is None:
        print(f"downloading {name}; without network TFDS gives up after minutes", flush=True)
    if has_parser(name):
        if not source:
            return partial(generate.give_downloads, name=name)
        splits = generate.check_splits(make_builder(name), name, read_originals(name, source))
        return partial(generate.give_splits, splits=_check_sizes(name, splits))
    files = find_originals(name, source)[0] if source else None
    return partial(generate.use_own_code, name=name, files=files)


def _check_sizes(name, splits):
    if name in DATASETS:
        info = DATASETS[name]
        for split, expected in (("train", info.num_train), ("test", info.num_test)):
            found = len(splits[split]["image"])
            message = f"{name!r} should have {expected} {split} images"
            require(found == expected, f"{message}; the files have {found}")
    return splits


def _is_there(name, data_dir):
    """Whether the set can be read; one in a format that needs TensorFlow raises a `UserError`."""
    if not find_versions(name, data_dir):
        return False
    find_prepared(name, data_dir)
    try:
        load_prepared(name, dataset_info(name, data_dir), data_dir)
        return True
    except UserError:
        return False  # damaged: to be written again


def _put(name, data_dir, plan):
    """Makes the set beside its place, and renames it unless another process was faster."""
    root = tfds_folder(data_dir)
    prefix = f"{name.replace('/', '-')}-"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=prefix) as workplace:
            new = _write(name, Path(workplace), root / "downloads", plan)
            if not _is_there(name, data_dir):
                _replace(root / name / new.name, new, Path(workplace, "damaged"))
    except ImportError as error:  # of TensorFlow, or of ArrayRecord, which is built for Linux alone
        message = f"{name!r} cannot be prepared on this system: {error}"
        needs = " (its builder needs it)" if "tensorflow" in str(error) else ""
        raise UserError(message + needs) from error
    except (OSError, RuntimeError) as error:  # ArrayRecord's writer raises the latter
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"cannot prepare {name!r} in {root}: {reason}"
        raise UserError(f"{message}; --data_dir=FOLDER chooses another folder") from error
    except Exception as error:
        if has_parser(name) or isinstance(error, UserError):
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(f"{name!r} cannot be prepared; its builder says: {reason}") from error


def _replace(place, new, old):
    """Renames `place` to `old` and `new` to `place`; other processes may do so at the same time."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if not place.exists():  # else another process has just put its own there
            raise


def _write(name, data_dir, downloads, plan):
    """Prepares the set in `data_dir`; returns its folder there."""
    import tensorflow_datasets as tfds

    builder = make_builder(name, data_dir)
    plan(builder)
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    if not standard_error().isatty():
        tfds.disable_progress_bar()
    with redirect_stdout(io.StringIO()):  # TFDS would name a folder that is renamed
        builder.download_and_prepare(download_dir=downloads, download_config=config)
    return Path(builder.data_path)

"""Preparing data sets with TensorFlow Datasets' own builders, without TensorFlow.

TFDS encodes images with TensorFlow. Handed PNG bytes, made here by Pillow, it does not need it.
Downloads go through TFDS' download manager, which checks sizes and checksums.
"""

import io
import tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from pepita_jax.data.originals import parse_originals, read_originals
from pepita_jax.data.prepared import find_prepared, find_versions, load_prepared
from pepita_jax.data.sets import DATASETS, tfds_folder
from pepita_jax.errors import UserError, require, require_name
from pepita_jax.watching import standard_error

PREPARABLE = [name for name in DATASETS if name != "digits"]


def prepare(name: str, data_dir: Any = None, source: Any = None) -> Path:
    """Writes a data set as ArrayRecord, unless a readable one is there already.

    What is there is replaced only once the new one is complete.

    Args:
        name: one of `PREPARABLE`.
        data_dir: folder of TensorFlow Datasets; None: `TFDS_DATA_DIR`, or the home folder's.
        source: folder with the original files, or with a subfolder for each set; None: they are
            downloaded.

    Returns:
        The folder of the prepared set.

    Raises:
        UserError: the name is not valid; files are missing, damaged or cannot be downloaded;
            the folder cannot be written, or holds the set in another format.
    """
    require_name("dataset to prepare", name, PREPARABLE)
    if not _is_there(name, data_dir):
        splits = _check_splits(name, read_originals(name, source)) if source else None
        _put(name, data_dir, splits)
        load_prepared(name, data_dir)
    return find_prepared(name, data_dir)


def _is_there(name, data_dir):
    """Whether the set can be read; one in a format that needs TensorFlow raises a `UserError`."""
    if not find_versions(name, data_dir):
        return False
    find_prepared(name, data_dir)
    try:
        load_prepared(name, data_dir)
        return True
    except UserError:
        return False  # damaged: to be written again


def _put(name, data_dir, splits):
    """Makes the set beside its place, and renames it unless another process was faster."""
    root = tfds_folder(data_dir)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f"{name}-") as workplace:
            new = _write(name, Path(workplace), root / "downloads", splits)
            if not _is_there(name, data_dir):
                _replace(root / name / new.name, new, Path(workplace, "damaged"))
    except ImportError as error:  # the writer of ArrayRecord is built for Linux alone
        raise UserError(f"{name!r} cannot be prepared on this system: {error}") from error
    except (OSError, RuntimeError) as error:  # the latter by that writer, as on a full disk
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        message = f"cannot prepare {name!r} in {root}: {reason}"
        raise UserError(f"{message}; --data_dir=FOLDER chooses another folder") from error


def _replace(place, new, old):
    """Renames `place` to `old` and `new` to `place`, where others may do so at the same time."""
    place.parent.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if not place.exists():  # else another process has just put its own there
            raise


def _write(name, data_dir, downloads, splits):
    """Prepares the set in `data_dir`; returns its folder there."""
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=data_dir, file_format="array_record")

    def split_generators(dl_manager, *_):
        found = splits or _download(builder, dl_manager)
        return {split: _examples(split, columns, builder) for split, columns in found.items()}

    builder._split_generators = split_generators
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    if splits is None:
        print(f"downloading {name}; without network TFDS gives up after minutes", flush=True)
    if not standard_error().isatty():
        tfds.disable_progress_bar()
    with redirect_stdout(io.StringIO()):  # TFDS would name a folder that is renamed
        builder.download_and_prepare(download_dir=downloads, download_config=config)
    return Path(builder.data_path)


def _download(builder, dl_manager):
    """The splits in the builder's registered files."""
    urls = {info.filename: url for url, info in builder.url_infos.items()}
    try:
        files = dl_manager.download(urls)
    except Exception as error:  # of many libraries: no network, refused, wrong checksum
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"cannot download {builder.name!r} ({type(error).__name__}: {reason}); "
            "with the original files in a folder, add --from=FOLDER"
        ) from error
    return _check_splits(builder.name, parse_originals(builder.name, files))


def _check_splits(name, splits):
    """Returns the splits, if they are as large as they should be."""
    info = DATASETS[name]
    for split, expected in (("train", info.num_train), ("test", info.num_test)):
        found = splits[split]["image"].shape
        message = f"{name!r} should have {expected} {split} images of shape {info.image_shape}"
        require(found == (expected, *info.image_shape), f"{message}; the files have {found}")
        label = splits[split]["label"]
        fits = label.shape == (expected,) and label.max() < info.num_classes
        require(fits, f"the {split} labels of {name!r} do not fit its images")
    return splits


def _examples(split, columns, builder):
    for i, image in enumerate(columns["image"]):
        example: dict[str, object] = {
            key: int(column[i]) for key, column in columns.items() if key != "image"
        }
        example["image"] = _as_png(image)
        if "id" in builder.info.features:
            example["id"] = f"{split}_{i:05d}"
        yield i, example


def _as_png(image):
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image.squeeze()).save(buffer, "PNG")
    buffer.seek(0)
    return buffer

"""Preparing data sets with TensorFlow Datasets' own builders, without TensorFlow.

TFDS encodes images with TensorFlow. Handed PNG bytes, made here by Pillow, it does not need it.
Downloads go through TFDS' download manager, which checks sizes and checksums.
"""

import io
import shutil
import tempfile
from pathlib import Path

from pepita_jax.data.originals import files_in, parse_originals
from pepita_jax.data.prepared import find_prepared, load_prepared
from pepita_jax.data.sets import DATASETS, tfds_folder
from pepita_jax.errors import UserError, require, require_name

PREPARABLE = [name for name in DATASETS if name != "digits"]


def prepare(name, data_dir=None, source=None):
    """Writes a data set as ArrayRecord, unless a readable one is there already.

    What is there is replaced only once the new one is complete.

    Args:
        name: one of `PREPARABLE`.
        data_dir: folder of TensorFlow Datasets; None: `TFDS_DATA_DIR`, or the home folder's.
        source: folder with the original files; None: they are downloaded.

    Returns:
        The folder of the prepared set.

    Raises:
        UserError: the name is not valid; files are missing, damaged or cannot be downloaded;
            the folder cannot be written, or holds the set in another format.
    """
    require_name("dataset to prepare", name, PREPARABLE)
    root = tfds_folder(data_dir)
    if list(root.glob(f"{name}/*/dataset_info.json")):
        folder = find_prepared(name, data_dir)
        try:
            load_prepared(name, data_dir)
            return folder
        except UserError:
            pass  # damaged: written again
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f"{name}-") as workplace:
            new = _write(name, Path(workplace), root / "downloads", source)
            place = root / name / new.name
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            new.rename(place)
    except OSError as error:
        raise UserError(f"cannot prepare {name!r} in {root}: {error}") from error
    load_prepared(name, data_dir)
    return find_prepared(name, data_dir)


def _write(name, data_dir, downloads, source):
    """Prepares the set in `data_dir`; returns its folder there."""
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=data_dir, file_format="array_record")

    def split_generators(dl_manager, *_):
        files = files_in(source) if source else _download(builder, dl_manager)
        splits = parse_originals(name, files)
        _check_splits(name, splits)
        return {split: _examples(split, columns, builder) for split, columns in splits.items()}

    builder._split_generators = split_generators
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    builder.download_and_prepare(download_dir=downloads, download_config=config)
    return Path(builder.data_path)


def _download(builder, dl_manager):
    """The builder's registered files: `{file name: path}`."""
    print(f"downloading {builder.name}; without network TFDS gives up after minutes", flush=True)
    urls = {info.filename: url for url, info in builder.url_infos.items()}
    try:
        return dl_manager.download(urls)
    except Exception as error:  # of many libraries: no network, refused, wrong checksum
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"cannot download {builder.name!r} ({type(error).__name__}: {reason}); "
            "with the original files in a folder, add --from=FOLDER"
        ) from error


def _check_splits(name, splits):
    info = DATASETS[name]
    for split, expected in (("train", info.num_train), ("test", info.num_test)):
        found = splits[split]["image"].shape
        message = f"{name!r} should have {expected} {split} images of shape {info.image_shape}"
        require(found == (expected, *info.image_shape), f"{message}; the files have {found}")
        label = splits[split]["label"]
        fits = label.shape == (expected,) and label.max() < info.num_classes
        require(fits, f"the {split} labels of {name!r} do not fit its images")


def _examples(split, columns, builder):
    for i, image in enumerate(columns["image"]):
        example = {key: int(column[i]) for key, column in columns.items() if key != "image"}
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

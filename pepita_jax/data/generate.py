"""Makes a builder of TensorFlow Datasets write its set as ArrayRecord, without TensorFlow.

TFDS encodes images with TensorFlow, unless it is given PNG bytes; Pillow makes them here. The sets
in `PARSERS` are parsed by this package. For other sets, the builder's own code reads the original
files. Downloads go through TFDS' download manager, which checks sizes and checksums.
"""

import gzip
import io
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from etils import epath  # what builders expect

from pepita_jax.data.builders import image_and_label
from pepita_jax.data.originals import NOT_NEEDED, parse_originals
from pepita_jax.data.reading import reading
from pepita_jax.errors import UserError, require


def give_splits(builder: Any, splits: dict) -> None:
    """Makes a builder write parsed splits, see `parse_originals`."""
    _generate(builder, lambda _: splits)


def give_downloads(builder: Any, name: str) -> None:
    """Makes a builder write the splits in its registered files, which it downloads."""

    def splits(dl_manager):
        urls = {info.filename: url for url, info in builder.url_infos.items()}
        urls = {file: url for file, url in urls.items() if file not in NOT_NEEDED}
        try:
            files = dl_manager.download(urls)
        except Exception as error:  # from many libraries: no network, refused, wrong checksum
            reason = str(error).strip().partition("\n")[0]
            raise UserError(
                f"cannot download {name!r} ({type(error).__name__}: {reason}); "
                "with the original files in a folder, add --from=FOLDER"
            ) from error
        return check_splits(builder, name, parse_originals(name, files))

    _generate(builder, splits)


def use_own_code(builder: Any, name: str, files: dict[str, Path] | None) -> None:
    """Lets a builder's own code generate the examples, and hands on its images as PNG.

    Args:
        builder: the builder, changed in place.
        name: name of the set.
        files: `{file name: path}` of what the builder would download; None: it downloads.
    """
    image_key, _ = image_and_label(name, builder.info)
    generate, split = builder._generate_examples, builder._split_generators

    def generate_examples(*args, **kwargs):
        for key, example in generate(*args, **kwargs):
            image = example[image_key]
            as_png = _as_png(image) if isinstance(image, np.ndarray) else image
            yield key, example | {image_key: as_png}

    def split_generators(dl_manager, *more):
        if files is not None:
            dl_manager.download = lambda urls: _map(partial(_find, builder, files), urls)
        unpack_without_tensorflow(dl_manager, builder._data_dir_root)
        return split(dl_manager, *more)

    builder._generate_examples, builder._split_generators = generate_examples, split_generators


def check_splits(builder: Any, name: str, splits: dict) -> dict:
    """Returns parsed splits if they fit the builder's features.

    Raises:
        UserError: images or labels do not fit.
    """
    image_key, label_key = image_and_label(name, builder.info)
    features = builder.info.features
    for split, columns in splits.items():
        image, label = columns["image"], columns["label"]
        shape = features[image_key].shape
        message = f"{name!r} should have {split} images of shape {shape}"
        require(image.shape[1:] == shape, f"{message}; the files have {image.shape[1:]}")
        fits = label.shape == (len(image),) and 0 < len(image)
        fits = fits and label.max() < features[label_key].num_classes
        require(fits, f"the {split} labels of {name!r} do not fit its images")
    return splits


def _generate(builder, splits):
    def split_generators(dl_manager, *_):
        found = splits(dl_manager)
        return {split: _examples(split, columns, builder) for split, columns in found.items()}

    builder._split_generators = split_generators


def unpack_without_tensorflow(dl_manager: Any, folder: Any) -> None:
    """Makes a download manager unpack archives in a folder without TensorFlow, which TFDS uses."""

    def extract(path):
        inside = Path(tempfile.mkdtemp(dir=folder))
        name = Path(path).name
        with reading(path):
            if name.endswith(".gz") and not name.endswith(".tar.gz"):
                with gzip.open(path) as packed, open(inside / name[:-3], "wb") as file:
                    shutil.copyfileobj(packed, file)
                return epath.Path(inside / name[:-3])
            is_zip = name.endswith(".zip")  # none of whose members is ever written elsewhere
            shutil.unpack_archive(path, inside, filter=None if is_zip else "data")
        return epath.Path(inside)

    def iterate(path):
        inside = extract(path)
        for file in sorted(inside.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(inside)), open(file, "rb")

    dl_manager.extract = partial(_map, extract)
    dl_manager.download_and_extract = lambda urls: dl_manager.extract(dl_manager.download(urls))
    dl_manager.iter_archive = iterate


def _find(builder, files, url):
    """The one of `files` that a builder would download."""
    url = getattr(url, "url", url)
    registered = (builder.url_infos or {}).get(url)
    name = registered.filename if registered else url.rpartition("/")[2]
    require(name in files, f"there is no file {name} of {builder.name!r}; see --from")
    return epath.Path(files[name])


def _map(function, tree):
    if isinstance(tree, dict):
        return {key: _map(function, branch) for key, branch in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_map(function, branch) for branch in tree]
    return function(tree)


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
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    buffer.seek(0)
    return buffer

"""Your own images: a folder `{train,test}/CLASS/*.png` or `*.jpg`, all of one shape."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np

from pepita_jax.data.cache import cached
from pepita_jax.data.info import Split
from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors
from pepita_jax.watching import progress_bar

SUFFIXES = (".png", ".jpg", ".jpeg")
MODES = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}  # Pillow's modes: as found, as read


def read_folder(path: Path) -> tuple[Split, Split, str]:
    """The training set, the test set, and a checksum of all files and their names.

    Classes are numbered in the order of their names, by value if all names are numbers. Images come
    in a mixed order that depends on their names alone, so that the last training images, which may
    become the validation split, are of many classes.

    Raises:
        UserError: a folder lacks images; images cannot be read or are of several shapes.
    """
    with file_errors(path, "read"):
        files = list_images(path)
    classes = sorted({file.parent.name for file in files["train"]}, key=_order(files["train"]))
    new = sorted({file.parent.name for file in files["test"]} - set(classes))
    require(not new, f"test has the class {', '.join(new)}, but train has not")
    both = [*files["train"], *files["test"]]
    arrays = cached("images", path, both, lambda: _read(path, both))
    label = np.array([classes.index(file.parent.name) for file in both], np.int32)
    train, test = (
        (arrays["image"][part], label[part])
        for n in [len(files["train"])]
        for part in (slice(n), slice(n, None))
    )
    return train, test, str(arrays["checksum"])


def list_images(path: Path) -> dict[str, list[Path]]:
    """`{"train": files, "test": files}`; hidden files and files of other kinds are left out.

    Raises:
        UserError: a folder is missing or has no images.
    """
    files = {split: [] for split in ("train", "test")}
    for split, found in files.items():
        folder = path / split
        message = f"it has no folder {split}: give {split}/CLASS/*.png (or .jpg)"
        require(folder.is_dir(), message)
        for class_folder in sorted(p for p in folder.iterdir() if _is_class(p)):
            inside = [p for p in class_folder.iterdir() if _is_image(p)]
            require(inside, f"{class_folder.relative_to(path)} has no .png or .jpg file")
            found += inside
        require(found, f"{split} has no folder per class: give {split}/CLASS/*.png (or .jpg)")
    by_name = lambda file: hashlib.sha256(os.fsencode(file.relative_to(path))).digest()
    return {split: sorted(found, key=by_name) for split, found in files.items()}


def _is_class(path):
    return path.is_dir() and not path.name.startswith(".")


def _is_image(path):
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _order(files):
    are_numbers = all(file.parent.name.isdecimal() for file in files)
    return (lambda name: (int(name), name)) if are_numbers else None


def _read(path, files):
    """`{"image": [N, H, W, C], "checksum": text}`."""
    images, lines, first = None, [], files[0]
    with progress_bar(f"decoding {path.name}", len(files)) as progress:
        for i, file in enumerate(files):
            with file_errors(file, "read"):
                content = file.read_bytes()
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {file.relative_to(path)}\n")
            image = _decode(file.relative_to(path), content)
            if images is None:
                images = np.empty((len(files), *image.shape), np.uint8)
            _require_alike(path, file, image.shape, first, images.shape[1:])
            images[i] = image
            progress.update()
    checksum = hashlib.sha256(os.fsencode("".join(sorted(lines)))).hexdigest()
    return {"image": images, "checksum": np.array(checksum)}


def _decode(name, content):
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            mode = image.mode
            valid = ", ".join(MODES)
            require(mode in MODES, f"{name} is of Pillow's mode {mode}; valid: {valid}")
            pixels = np.asarray(image.convert(MODES[mode]))
    except UserError:
        raise
    # A damaged image can raise anything.
    except Exception as error:
        reason = str(error).replace(repr(content), "") or type(error).__name__
        reason = "unknown format" if "BytesIO" in reason else reason
        raise UserError(f"{name} cannot be read as an image ({reason})") from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _require_alike(path, file, shape, first, wanted):
    one, other = (name.relative_to(path) for name in (first, file))
    kinds = {1: "grey", 3: "coloured"}
    message = f"{one} is {kinds[wanted[2]]} and {other} is {kinds[shape[2]]}"
    require(shape[2] == wanted[2], f"{message}: give images of one kind")
    size = lambda s: f"{s[1]}x{s[0]}"
    message = f"{one} is {size(wanted)} pixels large and {other} {size(shape)}"
    require(shape == wanted, f"{message}: give images of one size")

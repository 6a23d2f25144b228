"""Finds the data sets' original files, in the folders in which they are usually stored."""

from pathlib import Path

from pepita_jax.errors import require
from pepita_jax.files import file_errors, user_path

# torchvision's subfolders of a single set; the user's own subfolders have the set's name.
TORCHVISION = {
    "mnist": "MNIST/raw",
    "fashion_mnist": "FashionMNIST/raw",
    "kmnist": "KMNIST/raw",
    "emnist": "EMNIST/raw",
}
UNPACKED = ("*-ubyte/*", "cifar-*/*", "gzip/*")  # archives may unpack to a folder each


def find_originals(name: str, source: str | Path) -> tuple[dict[str, Path], list[Path]]:
    """Finds a set's files in one folder.

    The folder is the first of the set's own folders in `source` that has any files, otherwise
    `source` itself. Folders are not combined, since several sets have files of the same names.

    Returns:
        `{file name: path}`, which may include other files, and the folders that were searched.

    Raises:
        UserError: the folder is missing or cannot be read.
    """
    root = user_path(source)
    with file_errors(root, "read"):
        require(root.is_dir(), f"--from: there is no folder {root}")
        searched, base = [], name.partition("/")[0]
        own = dict.fromkeys([name, base, TORCHVISION.get(base, base), ""])
        for folder in (root / part for part in own):
            searched.append(folder)
            files = _files_in(folder) if folder.is_dir() else {}
            if files:
                break
    return files, searched


def _files_in(folder):
    """The files in a folder, and in the folders of unpacked archives in it, by name."""
    unpacked = [path for pattern in UNPACKED for path in sorted(folder.glob(pattern))]
    return {path.name: path for path in (*unpacked, *folder.iterdir()) if path.is_file()}

"""Finding the data sets' original files, in the layouts in which they are handed around."""

from pathlib import Path

from pepita_jax.errors import require
from pepita_jax.files import file_errors, user_path

# torchvision's subfolders that hold one set alone, beside the user's, which have the set's name.
TORCHVISION = {
    "mnist": "MNIST/raw",
    "fashion_mnist": "FashionMNIST/raw",
    "kmnist": "KMNIST/raw",
    "emnist": "EMNIST/raw",
}
UNPACKED = ("*-ubyte/*", "cifar-*/*", "gzip/*")  # archives may unpack to a folder each


def find_originals(name: str, source: str | Path) -> tuple[dict[str, Path], list[Path]]:
    """Finds the files of one folder.

    It is the first of the set's own folders in `source` that has any files, else `source` itself.
    No second folder is searched, since several sets have files of the same names.

    Returns:
        `{file name: path}`, among which there may be other files, and the folders that were
        searched.

    Raises:
        UserError: there is no such folder, or it cannot be read.
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

"""Files that are written whole or not at all, and checksums that show later changes."""

import hashlib
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pepita_jax.errors import UserError, require

CHECKSUMS = "SHA256SUMS"  # as `sha256sum --check` reads them


def user_path(text: Any) -> Path:
    """Makes a path that a user gave absolute, and expands `~`.

    Raises:
        UserError: the path is an address such as gs://..., or begins with a home folder that does
            not exist.
    """
    message = f"{text} is an address, not a path on this machine: mount or copy what lies there"
    require(not re.match(r"\w[\w+.-]+:/", str(text)), message)  # a `Path` keeps one slash of two
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise UserError(f"{text}: there is no such home folder") from error


@contextmanager
def file_errors(path: Any, verb: str = "written") -> Generator[None]:
    """Turns the system's errors into a `UserError` that names the path and the reason."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        more = f": {error.filename}" if error.filename not in (None, str(path)) else ""
        raise UserError(f"{path} cannot be {verb} ({reason}{more})") from error


def replace_file(path: Path, text: str) -> None:
    """Writes a file under another name beside its place, then renames it."""
    temporary = path.with_name(f".{path.name}.new")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_checksums(folder: Path) -> None:
    """Writes the checksums of all files in a folder and below into a file of that folder."""
    replace_file(folder / CHECKSUMS, _checksums(folder))


def is_intact(folder: Path, name: str | None = None) -> bool:
    """Whether a folder holds exactly the files that its checksums name, bit for bit.

    Args:
        folder: one in which `write_checksums` has been called.
        name: the only file to check; None: all files.
    """
    try:
        wanted = (folder / CHECKSUMS).read_text(encoding="utf-8")
        if name is not None:
            return _line(folder / name, folder) in wanted.splitlines(keepends=True)
        return wanted != "" and wanted == _checksums(folder)
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def _checksums(folder):
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p != folder / CHECKSUMS]
    return "".join(_line(path, folder) for path in paths)


def _line(path, folder):
    with open(path, "rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{checksum}  {path.relative_to(folder).as_posix()}\n"

"""Turns errors of reading files that others have written into one line each."""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from pepita_jax.errors import UserError

DAMAGED = (
    EOFError,
    ValueError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class MissingError(UserError):
    """A file of the set is not there."""


@contextmanager
def reading(place: Any) -> Generator[None]:
    """Raises a `UserError` that names the file if it is damaged or cannot be read."""
    try:
        yield
    except DAMAGED as error:
        message = f"{place} is damaged ({error}); replace it, or remove it to download it again"
        raise UserError(message) from error
    except OSError as error:
        raise UserError(f"{place} cannot be read ({error.strerror or error})") from error

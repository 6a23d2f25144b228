"""Output that only shows the work must never stop it: printed lines, plots, events."""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TextIO

from tqdm import tqdm

from pepita_jax.errors import UserError


class Stream:
    """Wraps a text stream; goes quiet, instead of failing, when it cannot be written any more.

    Args:
        stream: the stream, such as `sys.stderr`; None, if a process has none, is quiet from the
            start.
        lost: called with the stream and the error when it goes quiet.
    """

    def __init__(
        self,
        stream: TextIO | None,
        lost: Callable[[TextIO, Exception], None] = lambda stream, error: None,
    ):
        self._stream, self._lost = stream, lost

    def write(self, text: str) -> int:
        try:
            self._try("write", text)
        except UnicodeEncodeError as error:
            self._try("write", text.encode(error.encoding, "replace").decode(error.encoding))
        return len(text)

    def flush(self) -> None:
        self._try("flush")

    def isatty(self) -> bool:
        return bool(self._try("isatty"))

    def _try(self, method, *arguments):
        if self._stream is None:
            return None
        try:
            return getattr(self._stream, method)(*arguments)
        except UnicodeEncodeError:
            raise
        except (OSError, ValueError) as error:  # a ValueError: it has been closed
            stream, self._stream = self._stream, None
            self._lost(stream, error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _lead_nowhere(stream, error):
    """Points a lost standard stream at `os.devnull`.

    Otherwise Python writes what the stream still holds at its end, fails again, and exits with that
    status.
    """
    del error
    with suppress(AttributeError, OSError, ValueError):
        if (number := stream.fileno()) in (1, 2):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
            stream.flush()


def protect_streams() -> None:
    """Makes a command's `sys.stdout` and `sys.stderr` go quiet rather than fail."""
    sys.stdout, sys.stderr = Stream(sys.stdout, _lose_output), Stream(sys.stderr, _lead_nowhere)


def standard_error() -> Stream:
    """`sys.stderr` as a `Stream`; the same object as long as `sys.stderr` is the same."""
    return sys.stderr if isinstance(sys.stderr, Stream) else _as_stream(sys.stderr)


_as_stream = lru_cache(maxsize=1)(Stream)  # tqdm clears a bar only for lines to its own stream


def progress_bar(description: str, total: int) -> tqdm:
    """A progress bar on a terminal, and nothing elsewhere; closing it removes it."""
    stream = standard_error()
    hidden = not stream.isatty()
    return tqdm(total=total, desc=description, leave=False, file=stream, disable=hidden)


def say(line: str) -> None:
    """Prints a line on standard error, above a progress bar if there is one."""
    tqdm.write(line, file=standard_error())


@contextmanager
def decoration(name: Any) -> Generator[None]:
    """Prints a line if the work inside fails; for plots and the like, which only show a result.

    If the failure is a bug, its traceback is printed before the line.

    Args:
        name: what is made inside.
    """
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, (OSError, UserError)):
            reason = getattr(error, "strerror", None) or str(error)
        else:
            traceback.print_exception(error, file=standard_error())
        say(f"{name} could not be made ({' '.join(reason.split())}); nothing depends on it")


_lost_output = []  # why standard output was lost; a reader that has left is no reason


def _lose_output(stream, error):
    _lead_nowhere(stream, error)
    if not (isinstance(error, OSError) and error.errno == errno.EPIPE):
        reason = getattr(error, "strerror", None) or error
        _lost_output.append(reason)
        say(f"standard output cannot be written ({reason})")


def require_printed() -> None:
    """Raises a `UserError` if standard output was lost; for commands that only print a result."""
    sys.stdout.flush()
    if _lost_output:
        raise UserError(f"what was to be printed is lost ({_lost_output[0]})")

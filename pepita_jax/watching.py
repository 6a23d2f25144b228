"""What only watches the work never stops it: what is printed, plots, events."""

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
    """A text stream that goes quiet when it cannot be written any more; else as the one it wraps.

    Args:
        stream: as `sys.stderr`; None, as where a process has none, is quiet from the start.
        lost: called with the stream and the error, when it goes quiet.
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
    """Else what it still holds failed once more when Python ends, and that was the exit status."""
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
    """`sys.stderr` as a `Stream`, the same as long as it is the same."""
    return sys.stderr if isinstance(sys.stderr, Stream) else _as_stream(sys.stderr)


_as_stream = lru_cache(maxsize=1)(Stream)  # tqdm clears a bar only for lines to its own stream


def progress_bar(description: str, total: int) -> tqdm:
    """A bar on a terminal, and nothing elsewhere; it goes when it is closed."""
    stream = standard_error()
    hidden = not stream.isatty()
    return tqdm(total=total, desc=description, leave=False, file=stream, disable=hidden)


def say(line: str) -> None:
    """Prints a line on standard error, above a progress bar if there is one."""
    tqdm.write(line, file=standard_error())


@contextmanager
def decoration(name: Any) -> Generator[None]:
    """Says in a line if what is made inside, which only shows the work, cannot be made.

    A bug's traceback comes before the line.

    Args:
        name: of what is made.
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


_lost_output = []  # why standard output could not be written, but for a reader that has left


def _lose_output(stream, error):
    _lead_nowhere(stream, error)
    if not (isinstance(error, OSError) and error.errno == errno.EPIPE):
        reason = getattr(error, "strerror", None) or error
        _lost_output.append(reason)
        say(f"standard output cannot be written ({reason})")


def require_printed() -> None:
    """Raises a `UserError` if standard output was lost, for a command that leaves nothing else."""
    sys.stdout.flush()
    if _lost_output:
        raise UserError(f"what was to be printed is lost ({_lost_output[0]})")

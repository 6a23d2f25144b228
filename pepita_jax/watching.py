"""What only watches the work never stops it: what is printed, plots, events."""

import errno
import os
import sys
import traceback
from contextlib import contextmanager, suppress

from tqdm import tqdm


class Stream:
    """A text stream that goes quiet when it cannot be written any more; else as the one it wraps.

    Args:
        stream: as `sys.stderr`; None, as where a process has none, is quiet from the start.
        lost: called with the error that made it quiet.
    """

    def __init__(self, stream, lost=lambda error: None):
        self._stream, self._lost = stream, lost

    def write(self, text):
        try:
            self._try("write", text)
        except UnicodeEncodeError as error:
            self._try("write", text.encode(error.encoding, "replace").decode(error.encoding))
        return len(text)

    def flush(self):
        self._try("flush")

    def isatty(self):
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
            _lead_nowhere(stream)
            self._lost(error)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def _lead_nowhere(stream):
    """Else what it still holds failed once more when Python ends, and that was the exit status."""
    with suppress(AttributeError, OSError, ValueError):
        if (number := stream.fileno()) in (1, 2):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
            stream.flush()


def protect_streams():
    """Makes a command's `sys.stdout` and `sys.stderr` go quiet rather than fail."""
    sys.stdout, sys.stderr = Stream(sys.stdout, _say_what_is_lost), standard_error()


def standard_error():
    """`sys.stderr` as a `Stream`."""
    return sys.stderr if isinstance(sys.stderr, Stream) else Stream(sys.stderr)


def say(line):
    """Prints a line on standard error, above a progress bar if there is one."""
    tqdm.write(line, file=standard_error())


@contextmanager
def decoration(name):
    """Says in a line if what is made inside, which only shows the work, cannot be made.

    A bug's traceback comes before the line.

    Args:
        name: of what is made.
    """
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
        else:
            traceback.print_exception(error, file=standard_error())
        say(f"{name} could not be made ({' '.join(reason.split())}); nothing depends on it")


def _say_what_is_lost(error):
    if not (isinstance(error, OSError) and error.errno == errno.EPIPE):  # the reader has left
        reason = getattr(error, "strerror", None) or error
        say(f"standard output cannot be written ({reason})")

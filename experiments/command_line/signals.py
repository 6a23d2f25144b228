"""What a long command does when it is told to stop.

The first Ctrl-C (SIGINT) only asks the command to stop. A second one, or SIGTERM, ends the process
at once; nothing is lost that a crash would not lose. A thread watches for the signals, because the
main thread may spend minutes inside a compiled program, where Python cannot react.
"""

import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress

ASK = signal.SIGINT
SIGNALS = (ASK, signal.SIGTERM)
FINISHING = "finishing this epoch; press Ctrl-C again to stop immediately"
STOPPED = "stopped; repeat the command to resume from the last checkpoint"


@contextmanager
def stopping_gently(first=FINISHING, second=STOPPED):
    """Yields a function that says whether Ctrl-C was pressed; it is to be called now and then.

    Args:
        first: printed after the first Ctrl-C.
        second: printed when another signal ends the process.
    """
    asked = threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # Python writes each signal's number to the socket, whatever the main thread is doing.
    wakeup = signal.set_wakeup_fd(writer.fileno())
    handlers = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    threading.Thread(target=_watch, args=(reader, asked, first, second), daemon=True).start()
    try:
        yield asked.is_set
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        writer.close()  # ends the thread


def _watch(reader, asked, first, second):
    while received := reader.recv(1):
        (number,) = received
        if number not in SIGNALS:
            continue
        if number == ASK and not asked.is_set():
            asked.set()
            _say(first)
        else:
            _say(second)
            os._exit(128 + number)


def _say(line):
    """Prints without `sys.stderr`, whose lock the main thread may hold, and which may be closed."""
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())

"""What a long command does when it is told to stop.

The first Ctrl-C (SIGINT) only asks; a second one, or SIGTERM, ends the process at once, which loses
no more than a crash would. A thread sees to it: the main one may be inside a compiled program for
minutes, where Python cannot answer.
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
    """Gives a function that tells whether Ctrl-C was pressed, to be asked now and then.

    Args:
        first, second: what is printed when it is pressed, and when a signal ends the process.
    """
    asked = threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # Python writes each signal's number there, whatever the main thread is doing.
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
    """Past `sys.stderr`, whose lock the main thread may hold; it may also be closed by now."""
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())

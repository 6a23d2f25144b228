"""The project's command lines."""

import os
import signal
import sys

if sys.argv[:1] == ["-m"]:  # one of them is starting
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file would get its number, and what is printed
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))
    # Some libraries swallow Ctrl-C while they are imported. Until then, Ctrl-C ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

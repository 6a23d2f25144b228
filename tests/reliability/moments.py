"""Counts what a process does to the files of a folder, and strikes at the n-th time.

    python -m tests.reliability.moments N DELAY FOLDER ARGUMENTS

is `experiments.train ARGUMENTS`, which kills itself DELAY seconds after the N-th time.
"""

import os
import runpy
import signal
import sys
import threading

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Moments:
    """Hears of each change that Python makes to files in a folder, just before it is made.

    Args:
        folder: where.
        n: the time at which to strike, from 1; None: never.
        strike: called then; what it raises, the change raises.
    """

    def __init__(self, folder, n=None, strike=None):
        self.folder, self.n, self.strike, self.count = str(folder), n, strike, 0

    def hear(self, event, arguments):
        is_change = event in CHANGES or (event == "open" and arguments[2] & WRITING)
        if is_change and str(arguments[0]).startswith(self.folder):
            self.count += 1
            if self.count == self.n:
                self.strike()

    def __enter__(self):
        _listeners.append(self)
        return self

    def __exit__(self, *_):
        _listeners.remove(self)


_listeners = []
sys.addaudithook(lambda event, arguments: [m.hear(event, arguments) for m in _listeners])


def kill_after(seconds):
    kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
    return threading.Timer(seconds, kill).start if seconds else kill


if __name__ == "__main__":
    n, delay, folder, *sys.argv[1:] = sys.argv[1:]
    with Moments(folder, int(n), kill_after(float(delay))):
        runpy.run_module("experiments.train", run_name="__main__", alter_sys=True)

"""One of several processes on a machine.

    python -m experiments.command_line.child CORES ARGUMENTS

runs `experiments.train ARGUMENTS` on these cores, whose numbers are separated by commas. It ends
when the process that started it ends, for whatever reason.
"""

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(cores):
    if sys.platform == "linux":
        os.sched_setaffinity(0, map(int, cores.split(",")))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    runpy.run_module("experiments.train", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv.pop(1))

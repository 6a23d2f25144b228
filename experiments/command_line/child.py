"""One of several processes on a machine.

    python -m experiments.command_line.child CORES ARGUMENTS

is `experiments.train ARGUMENTS` on these cores (numbers with commas between them), and ends when
the process that has started it ends, however that happens.
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

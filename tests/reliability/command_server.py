"""Runs `experiments.train` for each line of arguments (JSON) on standard input.

Each runs in a fork of this process, which has imported everything but started no device: that
takes a tenth of a new process' time. Prints `[exit status, standard error]` as JSON, a line each.
"""

import json
import os
import sys
import tempfile
import traceback

from experiments import cli, train


def run_forked(arguments):
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        child = os.fork()
        if child == 0:
            os.dup2(stderr.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.argv = ["train", *arguments]
            os._exit(run_command())
        _, status = os.waitpid(child, 0)
        stderr.seek(0)
        return [os.waitstatus_to_exitcode(status), stderr.read()]


def run_command():
    """What `python -m experiments.train` does; returns its exit status."""
    try:
        cli.start(train.main, train.describe)
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run_forked(json.loads(line))), flush=True)

"""Runs the project's commands, each in a fork of this process, which has imported what they import
but started no device: imports take longer than most of them.

Reads `[environment, words]` as JSON, a line each, where words are those after `python -m`; prints
`[exit status, standard output, standard error]`.
"""

import json
import os
import runpy
import signal
import sys
import tempfile
import traceback
import warnings

import matplotlib.figure  # noqa: F401
import optuna  # noqa: F401
import scipy.stats  # noqa: F401
import sklearn.datasets  # noqa: F401

import pepita_jax.sweep.results  # noqa: F401

TIMEOUT = 300  # seconds


def run_forked(environment, words):
    files = [tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") for _ in range(2)]
    child = os.fork()
    if child == 0:
        for number, file in enumerate(files, 1):
            os.dup2(file.fileno(), number)
        os.environ.clear()
        os.environ.update(environment)
        signal.alarm(TIMEOUT)  # which ends a command that hangs
        os._exit(run_command(*words))
    _, status = os.waitpid(child, 0)
    said = []
    for file in files:
        file.seek(0)
        said.append(file.read())
        file.close()
    return [os.waitstatus_to_exitcode(status), *said]


def run_command(module, *arguments):
    """What `python -m MODULE ARGUMENTS` does; returns its exit status."""
    sys.argv = ["-m", *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    # As pyproject.toml has it for the tests, but for how ml_collections loads a configuration.
    warnings.simplefilter("error", DeprecationWarning)
    warnings.filterwarnings("ignore", ".*load_module", DeprecationWarning)
    for line in sys.stdin:
        print(json.dumps(run_forked(*json.loads(line))), flush=True)

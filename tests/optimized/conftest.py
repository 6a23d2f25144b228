"""Programs as users have them; tests/conftest.py turns off most optimizations for other tests.

JAX and XLA read the variables once, so each test here runs in a process that starts without them,
as do the commands that it runs. There, fixtures that change or watch the process have no effect.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

# The cache goes too: a program from there would show only how an earlier one was compiled.
LEFT_OUT = ("JAX_DISABLE_MOST_OPTIMIZATIONS", "XLA_FLAGS", "JAX_COMPILATION_CACHE_DIR")


@pytest.fixture(scope="package", autouse=True)
def process():
    """Starts at its first test."""
    context = multiprocessing.get_context("spawn")
    with pytest.MonkeyPatch.context() as patch, ProcessPoolExecutor(1, context) as pool:
        for name in LEFT_OUT:
            patch.delenv(name, raising=False)
        patch.setenv("JAX_NUM_CPU_DEVICES", "2")  # as the other tests have it
        yield pool


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.funcargs["process"].submit(pyfuncitem.obj, **arguments).result()
    return True

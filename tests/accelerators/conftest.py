"""Chips that are not there; these tests run in an environment that has their compiler."""

from pathlib import Path

import jax
import pytest

from experiments.benchmarks import chips


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.accelerators)
            # One process compiles a network's programs, of which most tests need the same.
            item.add_marker(pytest.mark.xdist_group(item.callspec.params["model"]))


@pytest.fixture(scope="package", autouse=True)
def optimized():
    """The programs of users, not those that the other tests compile in half the time."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)  # as tests/conftest.py has it
    jax.config.update("jax_enable_compilation_cache", True)  # which `chips.devices` has turned off


@pytest.fixture(scope="session")
def v5e():
    pytest.importorskip("libtpu")
    return chips.devices("tpu-v5e")


@pytest.fixture(scope="session")
def h100():
    pytest.importorskip("jax_cuda12_plugin")
    return chips.devices("h100")

"""Shared fixtures; no test touches the user's own cache or data sets."""

import gc
import os
from importlib.metadata import version
from itertools import count
from pathlib import Path

# Tests, and the commands they run, compile many of the same programs, most of them one operation:
# kept from the first on, they save a fifth of the time, even of a run that begins with none.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "jax")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
# What is left out is LLVM's, a third of the time of the rules' tests; none runs for long.
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
# With XLA's older emitters the rules' tests take 0.7 of the time. From jaxlib 0.11 on they are gone
# (an unknown flag ends the process), and no other flag that was tried saves a twentieth.
if version("jaxlib").startswith("0.10."):
    emitters = "--xla_cpu_use_fusion_emitters=false"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {emitters}"
os.environ["OMP_NUM_THREADS"] = "1"  # those of t-SNE would wait for other tests
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import pytest
from jax.extend.backend import get_backend

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_num_cpu_devices", 2)

MANY_PROGRAMS = 1500
# Tracing makes many small objects that live on: looking through all of them took a twentieth.
gc.set_threshold(100_000, 20, 20)


test_number = count()


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Cache and data folders of the test's own, made by whoever writes to them: few tests do."""
    own = tmp_path_factory.getbasetemp() / f"own{next(test_number)}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(own / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(own / "tensorflow_datasets"))


@pytest.fixture(autouse=True)
def few_programs():
    """A process keeps all that it has compiled: with so many, up to 3 GiB."""
    yield
    if len(get_backend().live_executables()) > MANY_PROGRAMS:
        jax.clear_caches()


@pytest.fixture
def float64():
    """Oracles are compared in double precision, where rounding cannot hide a mistake."""
    with jax.enable_x64(True):
        yield

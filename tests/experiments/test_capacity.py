"""What further seeds take of a chip's memory, and what is said where no compiler is installed."""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from experiments.capacity import Needs
from tests.experiments.commands import command


def test_seeds_fit_as_long_as_there_is_memory_for_another():
    """100 bytes for all and 7 for each seed: (1000 - 100) / 7 = 128.6."""
    few, many = (SimpleNamespace(arguments=60 + 5 * n, temporaries=40 + 2 * n) for n in (10, 20))
    needs = Needs(few, many, None, 0.0)
    assert needs.a_seed == 7
    assert needs.seeds_that_fit(1000) == 128


@pytest.mark.skipif(find_spec("libtpu") is not None, reason="the compiler is installed")
def test_a_missing_compiler_is_named_with_its_extra():
    done = command("capacity", "--target=tpu-v5e")
    assert done.returncode == 2
    assert "pip install -e '.[tpu]'" in done.stderr
    assert "Traceback" not in done.stderr

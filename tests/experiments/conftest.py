"""What several files of these tests share."""

import pytest

from tests.experiments.commands import TINY, train


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A tiny finished run, and what the command said; copy the workdir before changing it."""
    workdir = tmp_path_factory.mktemp("runs") / "tiny"
    done = train(workdir, *TINY, "--config.tensorboard=True")
    assert done.returncode == 0, done.stderr
    return workdir, done

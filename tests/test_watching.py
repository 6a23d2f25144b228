"""What only watches never stops the work."""

import io
import os

import pytest

from pepita_jax.watching import Stream, decoration
from tests.training.test_loop import train


def without_reader():
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", buffering=1)


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


DEAD = {
    "nobody reads": without_reader,
    "disk is full": lambda: open("/dev/full", "w", buffering=1),
    "closed": closed,
    "none": lambda: None,
}


@pytest.fixture(params=DEAD)
def dead(request):
    if request.param == "disk is full" and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    stream = DEAD[request.param]()
    yield stream
    try:
        stream and stream.close()
    except OSError:
        pass  # it still holds what could not be written


def test_training_goes_on_where_progress_cannot_be_shown(dead, monkeypatch):
    monkeypatch.setattr("sys.stderr", dead)
    assert train(progress=True).history["test_accuracy"].shape == (3, 2)


def test_a_stream_tells_once_that_it_cannot_be_written(dead):
    errors = []
    stream = Stream(dead, lambda *lost: errors.append(lost))
    for _ in range(3):
        print("x" * 10_000, file=stream, flush=True)
    assert len(errors) == (dead is not None)
    assert not stream.isatty()


def test_a_stream_passes_on_what_it_can_and_replaces_other_letters():
    raw = io.BytesIO()
    stream = Stream(io.TextIOWrapper(raw, encoding="ascii"))
    print("98 ± 1", file=stream, flush=True)
    assert raw.getvalue() == b"98 ? 1\n"
    assert stream.encoding == "ascii"


@pytest.mark.parametrize(
    ("error", "reason", "is_bug"),
    [(OSError(28, "No space left on device"), "No space left on device", False),
     (KeyError("x"), "KeyError: 'x'", True)],
)  # fmt: skip
def test_what_cannot_be_made_is_told_in_a_line_and_a_bug_is_shown(error, reason, is_bug, capsys):
    with decoration("the plot"):
        raise error
    *traceback, line = capsys.readouterr().err.splitlines()
    assert line == f"the plot could not be made ({reason}); nothing depends on it"
    assert bool(traceback) == is_bug

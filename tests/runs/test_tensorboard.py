"""TensorBoard's event files."""

import os
import resource
import struct
import sys
import threading

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import RecordWriter

from pepita_jax import UserError
from pepita_jax.runs.tensorboard import tensorboard

ROWS = [{"epoch": 1, "seed": k, "test_accuracy": 0.5 + k / 10, "train_loss": None} for k in (0, 1)]
LATER = [{**row, "epoch": 2} for row in ROWS]


def read(folder, seed):
    """The events of a seed, as many files as there are, and their bytes."""
    (path,) = (folder / "tensorboard" / f"seed_{seed}").iterdir()
    content, events = path.read_bytes(), []
    place = 0
    while place < len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        events.append(Event.FromString(content[place + 12 : place + 12 + length]))
        place += length + 16
    return path, events


def test_each_seed_has_its_events_as_tensorboardx_writes_them(tmp_path):
    write = tensorboard(tmp_path, wanted=True)
    write(ROWS)
    write(LATER)
    for k in (0, 1):
        path, (first, *events) = read(tmp_path, k)
        assert path.name.startswith("events.out.tfevents.")
        assert first.file_version == "brain.Event:2"
        values = [(e.step, v.tag, v.simple_value) for e in events for v in e.summary.value]
        accuracy = pytest.approx(0.5 + k / 10)
        assert values == [(1, "test_accuracy", accuracy), (2, "test_accuracy", accuracy)]
        oracle = RecordWriter(str(tmp_path / "oracle"))
        for event in (first, *events):
            oracle.write(event.SerializeToString())
        oracle.close()
        assert path.read_bytes() == (tmp_path / "oracle").read_bytes()


def test_events_are_written_anew_at_each_start(tmp_path):
    for _ in range(2):
        write = tensorboard(tmp_path, wanted=True)
        write(ROWS + LATER)
    assert [event.step for event in read(tmp_path, 1)[1]] == [0, 1, 2]


def test_many_seeds_need_no_thread_and_no_open_file_each(tmp_path):
    before, (soft, hard) = threading.active_count(), resource.getrlimit(resource.RLIMIT_NOFILE)
    write = tensorboard(tmp_path, wanted=True)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, hard))
        write([{**ROWS[0], "seed": k} for k in range(100)])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert threading.active_count() == before
    assert len(list((tmp_path / "tensorboard").iterdir())) == 100


def test_events_that_cannot_be_written_are_told_once(tmp_path, capsys):
    (tmp_path / "tensorboard").touch()
    write = tensorboard(tmp_path, wanted=True)
    write(ROWS)
    write(LATER)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path / 'tensorboard'}: events could not be made (")


def test_nothing_is_written_unless_wanted(tmp_path):
    tensorboard(tmp_path, wanted=False)(ROWS)
    assert not list(tmp_path.iterdir())


def test_without_the_extra_its_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[tensorboard\]'"):
        tensorboard(tmp_path, wanted=True)

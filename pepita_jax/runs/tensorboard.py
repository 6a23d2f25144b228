"""TensorBoard event files, through the optional package tensorboardX."""

import shutil
import socket
import struct
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

from pepita_jax.errors import UserError
from pepita_jax.files import user_path
from pepita_jax.watching import decoration


def tensorboard(path: Any, wanted: bool) -> Callable[[list[dict]], None]:
    """A function that writes rows as events, one folder per seed; it does nothing unless `wanted`.

    A seed's first row removes all older events of that seed, since a process that ended early may
    have left some out. No file is open between two calls. If the events cannot be written, a line
    says so, and nothing more is written.

    Raises:
        UserError: wanted, but tensorboardX is not installed.
    """
    if not wanted:
        return lambda rows: None
    try:
        import tensorboardX  # noqa: F401
    except ImportError as error:
        message = "tensorboard=True needs the extra: pip install -e '.[tensorboard]'"
        raise UserError(message) from error
    return _Events(user_path(path) / "tensorboard").write


class _Events:
    # tensorboardX's own writers keep a thread and an open file each. A thread that cannot write
    # ends; its queue then fills up and blocks the training.

    def __init__(self, folder):
        self.folder, self.files, self.works = folder, {}, True

    def write(self, rows):
        works, self.works = self.works, False
        if works:
            with decoration(f"{self.folder}: events"):
                seed_of = lambda row: row["seed"]
                for seed, its_rows in groupby(sorted(rows, key=seed_of), seed_of):
                    self._append(seed, its_rows)
                self.works = True

    def _append(self, seed, rows):
        records = b"".join(map(_record, rows))
        if seed not in self.files:
            self.files[seed] = _start(self.folder / f"seed_{seed}")
            records = _record() + records
        with open(self.files[seed], "ab") as file:
            file.write(records)


def _start(folder):
    """Empties a folder and returns the path of its file, named as TensorBoard looks for it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}"


def _record(row=None):
    """A row's event as bytes, with length and checksums; without a row, the file's first event."""
    from tensorboardX.proto.event_pb2 import Event  # ty: ignore[missing-module-member]  protobuf's
    from tensorboardX.record_writer import masked_crc32c

    event = Event(wall_time=time.time())
    if row is None:
        event.file_version = "brain.Event:2"
    else:
        event.step = row["epoch"]
        for name in row.keys() - {"seed", "epoch"}:
            if row[name] is not None:  # None stands for a figure that is not finite
                event.summary.value.add(tag=name, simple_value=row[name])
    content = event.SerializeToString()
    length = struct.pack("<Q", len(content))
    checksum = lambda part: struct.pack("<I", masked_crc32c(part))
    return length + checksum(length) + content + checksum(content)

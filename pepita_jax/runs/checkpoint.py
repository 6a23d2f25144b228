"""Checkpoints: the `TrainState` of all seeds after an epoch, with the record that led there."""

import json
import os
import shutil
from pathlib import Path

import jax
import orbax.checkpoint as ocp

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, is_intact, replace_file, write_checksums
from pepita_jax.types import TrainState

KEPT = 2
UNFINISHED = ".new"
RECORD = "record.json"


class Checkpoints:
    """The checkpoints in one folder: a subfolder for each, named by epoch. The last two are kept.

    Each holds the states in orbax's format, `record.json`, and checksums of both. It is written
    under another name and renamed when complete, so that a crash leaves it whole or not at all.

    Args:
        folder: the folder, which need not exist.
        states: whether states will be restored. If not, only the records must be intact, which is
            quick to check.

    Attributes:
        latest_epoch: epoch of the newest intact checkpoint; 0 if there is none.
        record: the record of that checkpoint, a dict that JSON can hold; None without one.
        damaged: epochs of newer checkpoints that are damaged.

    Raises:
        UserError: there are checkpoints, but none is intact, or they cannot be read.
    """

    def __init__(self, folder: Path, states: bool = True):
        self.folder, self.latest_epoch = folder, 0
        self.damaged: list[int] = []
        self.record: dict | None = None
        with file_errors(folder, "read"):
            for epoch in reversed(self._epochs()):
                if is_intact(self._place(epoch), None if states else RECORD):
                    record = (self._place(epoch) / RECORD).read_text(encoding="utf-8")
                    self.latest_epoch, self.record = epoch, json.loads(record)
                    return
                self.damaged.append(epoch)
        require(
            not self.damaged,
            f"no checkpoint in {folder} is intact (epochs {', '.join(map(str, self.damaged))}); "
            "remove that folder to train its seeds from the start",
        )

    def save(self, epoch: int, states: TrainState, record: dict) -> None:
        """Writes the checkpoint of an epoch, and replaces damaged ones.

        Raises:
            UserError: it cannot be written; earlier checkpoints are kept.
        """
        text = json.dumps(record, allow_nan=False)
        new, place = self.folder / UNFINISHED, self._place(epoch)
        try:
            with file_errors(new):
                self.remove_old()
                new.mkdir(parents=True)
                self._save_states(new / "states", jax.block_until_ready(states))
                replace_file(new / RECORD, text)
                write_checksums(new)
                for damaged in {*map(self._place, self.damaged), place}:
                    shutil.rmtree(damaged, ignore_errors=True)
                os.replace(new, place)
        except UserError as error:
            shutil.rmtree(new, ignore_errors=True)
            kept = f"the newest checkpoint is of epoch {self.latest_epoch}"
            raise UserError(f"epoch {epoch} cannot be saved: {error}; {kept}") from error
        self.latest_epoch, self.record, self.damaged = epoch, record, []
        self.remove_old()

    def restore(self, shapes: TrainState, epoch: int | None = None) -> TrainState:
        """Reads a `TrainState` onto the first device, whichever device wrote it.

        Args:
            shapes: its structure, as from `jax.eval_shape`.
            epoch: the epoch after which it was saved; None: that of the newest intact checkpoint.

        Raises:
            UserError: there is no intact checkpoint of that epoch, or it has another structure, for
                example that of another version of this package.
        """
        return self._restore(shapes, epoch, self._orbax(), ocp.args.StandardRestore)

    def restore_some(self, shapes: dict, epoch: int | None = None) -> dict:
        """Some attributes of a `TrainState`, such as its `params` alone; see `restore`.

        Args:
            shapes: `{attribute of TrainState: structure}`.
            epoch: as in `restore`.
        """
        return self._restore(shapes, epoch, ocp.PyTreeCheckpointer(), _partial_restore)

    def _restore(self, shapes, epoch, orbax, arguments):
        here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        target = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=here), shapes
        )
        if epoch not in (None, self.latest_epoch):
            self._require_intact(epoch)
        states = self._place(self.latest_epoch if epoch is None else epoch) / "states"
        try:
            return orbax.restore(states, args=arguments(target))
        except (KeyError, TypeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"the states in {states} do not fit this run ({reason})") from error

    def remove_old(self) -> None:
        """Removes all but the last two intact checkpoints, and what a crash left half-written."""
        older = [epoch for epoch in self._epochs() if epoch < self.latest_epoch]
        for litter in (*map(self._place, older[: 1 - KEPT]), self.folder / UNFINISHED):
            shutil.rmtree(litter, ignore_errors=True)

    def _require_intact(self, epoch):
        there = [e for e in self._epochs() if e <= self.latest_epoch and is_intact(self._place(e))]
        kept = f"the epochs {', '.join(map(str, there))} and, without checkpoint, 0"
        require(epoch in there, f"{self.folder} has no epoch {epoch}: it keeps {kept}")

    def _save_states(self, path, states):
        try:
            # Waits until all is written, since training overwrites the buffers that this reads.
            self._orbax().save(path, args=ocp.args.StandardSave(states))
        except Exception as error:  # its file layers report failures by many types
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise UserError(f"{path} cannot be written ({reason})") from error

    def _epochs(self):
        names = [path.name for path in self.folder.glob("*")]
        return sorted(int(name) for name in names if name.isdecimal())

    def _place(self, epoch):
        return self.folder / str(epoch)

    def _orbax(self):
        return ocp.Checkpointer(ocp.StandardCheckpointHandler())


def _partial_restore(target):
    how = ocp.checkpoint_utils.construct_restore_args(target)
    return ocp.args.PyTreeRestore(target, restore_args=how, partial_restore=True)

"""Checkpoints: the `TrainState` of all seeds after an epoch, in orbax's own format."""

import orbax.checkpoint as ocp

KEPT = 2


class Checkpoints:
    """The checkpoints in one folder, numbered by epoch; the last two are kept."""

    def __init__(self, folder, read_only=False):
        # Saving waits until all is written: training gives up the very buffers it would read.
        options = ocp.CheckpointManagerOptions(
            max_to_keep=KEPT, enable_async_checkpointing=False, read_only=read_only
        )
        self._manager = ocp.CheckpointManager(folder, options=options)

    @property
    def latest_epoch(self):
        """Epoch of the newest checkpoint; 0 without any."""
        return self._manager.latest_step() or 0

    def save(self, epoch, states):
        """Writes the checkpoint of an epoch."""
        self._manager.save(epoch, args=ocp.args.StandardSave(states))

    def restore(self, shapes):
        """The newest `TrainState`; `shapes` is its structure, as from `jax.eval_shape`."""
        return self._manager.restore(self.latest_epoch, args=ocp.args.StandardRestore(shapes))

    def close(self):
        self._manager.close()

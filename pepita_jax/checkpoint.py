"""Checkpoints: the `TrainState` of all seeds after an epoch, in orbax's own format."""

import jax
import orbax.checkpoint as ocp

KEPT = 2


class Checkpoints:
    """The checkpoints in one folder, numbered by epoch; the last two are kept."""

    def __init__(self, folder):
        # Saving waits until all is written: training gives up the very buffers it would read.
        options = ocp.CheckpointManagerOptions(max_to_keep=KEPT, enable_async_checkpointing=False)
        self._manager = ocp.CheckpointManager(folder, options=options)

    @property
    def latest_epoch(self):
        """Epoch of the newest checkpoint; 0 without any."""
        return self._manager.latest_step() or 0

    def save(self, epoch, states):
        """Writes the checkpoint of an epoch."""
        self._manager.save(epoch, args=ocp.args.StandardSave(states))

    def restore(self, shapes):
        """The newest `TrainState`, on the first device, whichever one wrote it.

        Args:
            shapes: its structure, as from `jax.eval_shape`.
        """
        here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
        target = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=here), shapes
        )
        return self._manager.restore(self.latest_epoch, args=ocp.args.StandardRestore(target))

    def close(self):
        self._manager.close()

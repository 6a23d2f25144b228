"""The states from which a rung of a halved group goes on, see `halving`."""

from pathlib import Path

import jax
import numpy as np

from pepita_jax.errors import require
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.training.many_seeds import SeedTrainer
from pepita_jax.types import TrainState


class Before:
    """The rung before a given rung.

    Args:
        content: what the later rung's configuration says of this one.

    Attributes:
        epoch: the last epoch of this rung.
    """

    def __init__(self, content: dict):
        self.epoch, self._content = content["epoch"], content

    def states(self, path: Path, trainer: SeedTrainer) -> TrainState:
        """The padded states of the later rung's seeds, as this rung has left them.

        Args:
            path: the later rung's workdir.
            trainer: the trainer of all its seeds.

        Raises:
            UserError: the states are missing or damaged.
        """
        folder = path.parent / self._content["workdir"]
        groups = SeedGroup.find_all(folder / "checkpoints")
        message = f"{folder} does not hold epoch {self.epoch} of all its seeds"
        require(len(groups) == 1 and groups[0].epoch == self.epoch, message)
        resize = lambda x: jax.ShapeDtypeStruct((len(groups[0].seeds), *x.shape[1:]), x.dtype)
        states = groups[0].restore(jax.tree.map(resize, trainer.shapes()))
        number, kept = self._content["num_settings"], self._content["settings"]
        seeds = np.arange(trainer.num_seeds // len(kept))
        at = np.add.outer(seeds * number, kept).ravel()
        return trainer.shard(jax.tree.map(lambda x: np.asarray(x)[at], states))

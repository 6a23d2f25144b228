"""The states from which a rung of a halved group goes on, see `halving`."""

from pathlib import Path

import jax
import numpy as np

from pepita_jax.errors import require
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.training.many_seeds import SeedTrainer
from pepita_jax.types import TrainState


def states_before(config: dict, path: Path, trainer: SeedTrainer) -> TrainState:
    """The states of a rung's seeds, padded, as the rung before has left them.

    Args:
        config: of the rung.
        path: of its workdir.
        trainer: of all its seeds.

    Raises:
        UserError: they are not there, or are damaged.
    """
    before = config["continues"]
    folder = path.parent / before["workdir"]
    groups = SeedGroup.find_all(folder / "checkpoints")
    message = f"{folder} does not hold epoch {before['epoch']} of all its seeds"
    require(len(groups) == 1 and groups[0].epoch == before["epoch"], message)
    resize = lambda x: jax.ShapeDtypeStruct((len(groups[0].seeds), *x.shape[1:]), x.dtype)
    states = groups[0].restore(jax.tree.map(resize, trainer.shapes()))
    seeds = np.arange(trainer.num_seeds // len(before["settings"]))
    at = np.add.outer(seeds * before["num_settings"], before["settings"]).ravel()
    return trainer.shard(jax.tree.map(lambda x: np.asarray(x)[at], states))

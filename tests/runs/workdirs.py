"""Workdirs of a run that trains nothing, for tests of what lies in a folder."""

import jax.numpy as jnp

from pepita_jax.runs.workdir import Workdir

CONFIG = {
    "rule": {"name": "pepita", "sign": 1}, "seed": 0, "num_seeds": 2, "num_epochs": 5,
    "data_dir": None, "model": {"hidden": (4,), "init": "x"},
}  # fmt: skip
LAYOUT = {"seeds_at_once": 1}


def hold(path, epochs=0, layout=LAYOUT, **fields):
    """Holds a workdir and logs epochs in it as if they were trained; returns its groups' seeds."""
    workdir = Workdir(path)
    with workdir.hold({**CONFIG, **fields}) as groups:
        for group in groups:
            if group.epoch < epochs:
                workdir.begin(layout)
            for epoch in range(group.epoch + 1, epochs + 1):
                workdir.log(group, "metrics", epoch, {"train_accuracy": 0.5, "test_accuracy": 0.5})
                workdir.save(group, epoch, {"W": jnp.ones(3)})
        return [group.seeds for group in groups]


def group_folder(path, first, last):
    return path / "checkpoints" / f"seeds_{first}-{last}"

"""Seeds that train side by side: their checkpoints, and the figures that go with them."""

import itertools
import time
from pathlib import Path
from typing import Any, Self

from pepita_jax.errors import require
from pepita_jax.runs.checkpoint import Checkpoints
from pepita_jax.runs.old_configs import upgrade
from pepita_jax.runs.rows import make_rows
from pepita_jax.runs.seeds import name_of_seeds, overlap, seeds_of_name
from pepita_jax.types import TrainState

FIGURES = ("metrics", "alignment")  # names of files, and of their rows in a checkpoint


class SeedGroup:
    """The seeds of one range, which are trained together.

    A run has one group, or several if seeds were added later or several processes train it.

    Args:
        root: folder of all groups' checkpoints.
        seeds: the range.
        states: see `Checkpoints`.

    Attributes:
        seeds: the range.
        checkpoints: the checkpoints of these seeds.
        rows: `{"metrics": rows, "alignment": rows}` since the first epoch.

    Raises:
        UserError: there are checkpoints, but none is intact.
    """

    def __init__(self, root: Path, seeds: range, states: bool = True):
        self.seeds = seeds
        self.checkpoints = Checkpoints(root / name_of_seeds(seeds), states)
        saved = self.checkpoints.record or {}
        self._config = upgrade(saved.get("config", {}))
        self.rows: dict[str, list[dict]] = {name: saved.get(name, []) for name in FIGURES}

    @classmethod
    def find_all(cls, root: Path, states: bool = True) -> list[Self]:
        """The groups that have checkpoints, in the order of their seeds.

        Raises:
            UserError: one has no intact checkpoint, two have the same seeds, or the folder holds
                something else.
        """
        folders = {path.name: seeds_of_name(path.name) for path in root.glob("*") if path.is_dir()}
        others = ", ".join(name for name, seeds in folders.items() if not seeds)
        require(not others, f"{root} holds {others}, which this version has not written")
        ranges = sorted(filter(None, folders.values()), key=lambda seeds: (seeds.start, seeds.stop))
        groups = [cls(root, seeds, states) for seeds in ranges]
        groups = [group for group in groups if group.epoch]
        for one, next_one in itertools.pairwise(groups):
            names = f"{name_of_seeds(one.seeds)} and {name_of_seeds(next_one.seeds)}"
            message = f"{root}: {names} have seeds in common; remove one of them"
            require(not overlap(one.seeds, next_one.seeds), message)
        return groups

    @property
    def epoch(self) -> int:
        """Number of the last epoch that a checkpoint holds."""
        return self.checkpoints.latest_epoch

    @property
    def config(self) -> dict:
        """What `config.json` held when the newest checkpoint was written."""
        return self._config

    def is_done(self, num_epochs: int) -> bool:
        """Whether training up to that epoch would add nothing."""
        return self.epoch >= num_epochs or self.has_diverged

    @property
    def has_diverged(self) -> bool:
        """Whether no seed of the group has finite weights any more."""
        last = self.rows["metrics"][-len(self.seeds) :]
        return bool(last) and all(row["train_accuracy"] is None for row in last)

    def add(self, name: str, epoch: int, columns: dict[str, Any]) -> list[dict]:
        """Adds the rows of an epoch to one of `FIGURES`; returns them. See `make_rows`."""
        rows = make_rows(epoch, self.seeds, columns)
        self.rows[name] += rows
        return rows

    def restore(self, shapes: TrainState, epoch: int | None = None) -> TrainState:
        """The states after an epoch, by default the newest; see `Checkpoints.restore`."""
        return self.checkpoints.restore(shapes, epoch)

    def save(self, epoch: int, states: TrainState, config: dict) -> None:
        """Writes a checkpoint of states, rows and configuration."""
        record = {"saved": time.time(), "config": config, **self.rows}
        self.checkpoints.save(epoch, states, record)
        self._config = config


def newest_config(groups: list[SeedGroup]) -> dict:
    """What `config.json` held when the last of all checkpoints was written."""
    saved = lambda group: group.checkpoints.record["saved"]
    return max(groups, key=saved).config

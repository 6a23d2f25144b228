"""Seeds that train side by side: their checkpoints, and the figures that go with them."""

import jax

from pepita_jax.checkpoint import Checkpoints
from pepita_jax.errors import require
from pepita_jax.rows import make_rows

FIGURES = ("metrics", "alignment")  # names of files, and of their rows in a checkpoint


class Cohort:
    """The seeds of one range; a run has one, and another one for the seeds added to it later.

    Args:
        root: folder of all cohorts' checkpoints.
        seeds: a range.

    Attributes:
        seeds: as given.
        checkpoints: of these seeds.
        rows: `{"metrics": rows, "alignment": rows}` since the first epoch.

    Raises:
        UserError: there are checkpoints, none of them intact.
    """

    def __init__(self, root, seeds):
        self.seeds = seeds
        self.checkpoints = Checkpoints(root / f"seeds_{seeds.start}-{seeds.stop - 1}")
        saved = self.checkpoints.record or {}
        self.rows = {name: saved.get(name, []) for name in FIGURES}

    @classmethod
    def find_all(cls, root):
        """The cohorts that have checkpoints, in the order of their seeds.

        Raises:
            UserError: one has no intact checkpoint, or the folder holds something else.
        """
        others = [path.name for path in root.glob("*") if not path.name.startswith("seeds_")]
        require(not others, f"{root} holds {', '.join(others)}, not written by this version")
        ranges = [_as_range(path.parent) for path in root.glob("seeds_*-*/*[0-9]")]
        return [cls(root, seeds) for seeds in sorted(set(ranges), key=lambda seeds: seeds.start)]

    @property
    def epoch(self):
        """Number of the last epoch that a checkpoint holds."""
        return self.checkpoints.latest_epoch

    @property
    def config(self):
        """What `config.json` held then; None without a checkpoint."""
        return self.checkpoints.record and self.checkpoints.record["config"]

    @property
    def has_diverged(self):
        """Whether no seed of it has finite weights any more."""
        last = self.rows["metrics"][-len(self.seeds) :]
        return bool(last) and all(row["test_accuracy"] is None for row in last)

    def add(self, name, epoch, columns):
        """Adds the rows of an epoch to one of `FIGURES`; returns them. See `make_rows`."""
        rows = make_rows(epoch, self.seeds, columns)
        self.rows[name] += rows
        return rows

    def restore(self, init):
        """The states of the newest checkpoint; `init` is a function that gives such states."""
        return self.checkpoints.restore(jax.eval_shape(init))

    def save(self, epoch, states, config):
        """Writes a checkpoint of states, rows and configuration."""
        self.checkpoints.save(epoch, states, {"config": config, **self.rows})


def _as_range(folder):
    first, last = folder.name.removeprefix("seeds_").split("-")
    return range(int(first), int(last) + 1)

"""A run as its checkpoints hold it."""

import itertools
from typing import NamedTuple

from pepita_jax.errors import require
from pepita_jax.history import History
from pepita_jax.runs.config_file import without_environment
from pepita_jax.runs.rows import to_history
from pepita_jax.runs.seed_group import SeedGroup, newest_config

FIRST_EPOCH = {"metrics": 1, "alignment": 0}


class SavedRun(NamedTuple):
    """The seeds of a run that have reached the epoch of its first seeds.

    Seeds that are missing, or that are still catching up, are left out. Diverged seeds are not
    trained any further: their figures of later epochs are NaN.

    Attributes:
        config: nested dict; `num_seeds` counts the seeds of `groups`.
        environment: versions, commit, devices and layout of its latest training.
        groups: the seed groups of these seeds.
    """

    config: dict
    environment: dict
    groups: list[SeedGroup]

    @classmethod
    def of(cls, groups: list[SeedGroup], asked: int | None = None) -> "SavedRun":
        """Selects, from a run's seed groups, those whose seeds are shown; at least one is needed.

        Args:
            groups: all of the run.
            asked: the number of epochs that was last asked for. The checkpoints have an earlier
                number if the run was stopped and then ended at the epoch that it had reached.

        Raises:
            UserError: they were trained under different JAX settings.
        """
        going = [group.epoch for group in groups if not group.has_diverged]
        shown = [c for c in groups if c.has_diverged or c.epoch == going[0]]
        recorded = [c for c in shown if _settings(c) is not None]  # earlier versions did not
        for one, other in itertools.pairwise(recorded):
            folders = f"{one.checkpoints.folder} and {other.checkpoints.folder.name}"
            message = f"{folders} were trained under different JAX settings: remove one of them"
            require(_settings(one) == _settings(other), message)
        content = newest_config(groups)
        config = without_environment(content) | {"num_seeds": sum(len(c.seeds) for c in shown)}
        run = cls(config, content["environment"], shown)
        is_ended = asked == run.num_epochs
        return run._replace(config=config | {"num_epochs": asked}) if is_ended else run

    @property
    def seeds(self) -> list[int]:
        """The numbers of the S seeds."""
        return [seed for group in self.groups for seed in group.seeds]

    @property
    def num_epochs(self) -> int:
        """The number of finished epochs; all epochs if every seed has diverged."""
        going = [group.epoch for group in self.groups if not group.has_diverged]
        return going[0] if going else self.config["num_epochs"]

    def seconds(self, num_epochs: int | None = None) -> float:
        """Wall time in seconds of the first `num_epochs` epochs; by default of all."""
        last = self.num_epochs if num_epochs is None else num_epochs
        firsts = [(row, c.seeds.start) for c in self.groups for row in c.rows["metrics"]]
        return sum(r["seconds"] for r, k in firsts if r["seed"] == k and r["epoch"] <= last)

    def history(self, name: str, num_epochs: int | None = None) -> History:
        """The `History` of one of `FIGURES`: of the first `num_epochs` epochs, or of all."""
        rows = [row for group in self.groups for row in group.rows[name]]
        last = self.num_epochs if num_epochs is None else num_epochs
        return to_history(rows, self.seeds, range(FIRST_EPOCH[name], last + 1))


def _settings(group):
    return group.config["environment"].get("settings")

"""A run as its checkpoints hold it."""

from typing import NamedTuple

from pepita_jax.errors import require
from pepita_jax.storage.cohort import Cohort, newest_config
from pepita_jax.storage.rows import to_history

ENVIRONMENT = ("environment", "earlier_environments")  # beside a run's fields in config.json
FIRST_EPOCH = {"metrics": 1, "alignment": 0}


class SavedRun(NamedTuple):
    """Seeds 0, 1, ... of a run, all after the same epoch.

    Seeds that were added later and are not there yet are left out. Those that have diverged are
    not trained any further: their figures of later epochs are NaN.

    Attributes:
        config: nested dict; `num_seeds` as in the cohorts.
        environment: versions, commit, devices and layout that it was last trained with.
        cohorts: `Cohort`s of these seeds.
    """

    config: dict
    environment: dict
    cohorts: list[Cohort]

    @classmethod
    def of(cls, cohorts):
        """What is to be shown of a run's cohorts, of which there is at least one."""
        going = [cohort.epoch for cohort in cohorts if not cohort.has_diverged]
        shown, num_seeds = [], 0
        for cohort in cohorts:
            level = cohort.has_diverged or cohort.epoch == going[0]
            if cohort.seeds.start != num_seeds or not level:
                break
            shown.append(cohort)
            num_seeds = cohort.seeds.stop
        require(shown, "the checkpoints of seed 0 are missing: train again to restore them")
        content = newest_config(cohorts)
        config = without_environment(content) | {"num_seeds": num_seeds}
        return cls(config, content["environment"], shown)

    @property
    def num_epochs(self):
        """Epochs that are done, or that would bring nothing new."""
        going = [cohort.epoch for cohort in self.cohorts if not cohort.has_diverged]
        return going[0] if going else self.config["num_epochs"]

    def seconds(self, num_epochs=None):
        """Wall time of the epochs; of all by default."""
        last = num_epochs or self.num_epochs
        firsts = [(row, c.seeds.start) for c in self.cohorts for row in c.rows["metrics"]]
        return sum(r["seconds"] for r, k in firsts if r["seed"] == k and r["epoch"] <= last)

    def history(self, name, num_epochs=None):
        """`{name: [S, epochs, ...]}` of one of `FIGURES`, see `to_history`; all by default."""
        rows = [row for cohort in self.cohorts for row in cohort.rows[name]]
        last = num_epochs or self.num_epochs
        return to_history(rows, self.config["num_seeds"], range(FIRST_EPOCH[name], last + 1))


def without_environment(content):
    """The run's own fields of what `config.json` holds."""
    return {name: value for name, value in content.items() if name not in ENVIRONMENT}


def identity(content):
    """All that decides a run's result: its own fields, and the settings outside them."""
    settings = content["environment"].get("settings", {})
    return without_environment(content) | {"environment": settings}

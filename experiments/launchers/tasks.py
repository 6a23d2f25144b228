"""Jobs: a workdir, or some of its seeds. They need nothing of one another, and can be stopped."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pepita_jax.errors import DivergedError, require_int
from pepita_jax.run import run
from pepita_jax.storage.locks import name_of_seeds
from pepita_jax.storage.workdir import Workdir


@dataclass(frozen=True)
class Task:
    """Some seeds of a workdir, which says what is to be trained.

    Attributes:
        workdir: which has been prepared.
        seeds: a range.
    """

    workdir: Path
    seeds: range

    def __call__(self, should_stop=lambda: False):
        with suppress(DivergedError):  # all is saved, and the summary tells
            run(Workdir(self.workdir).read_config(), self.workdir, should_stop, self.seeds)

    def __str__(self):
        return f"{self.workdir.name}.{name_of_seeds(self.seeds)}"

    @property
    def command(self):
        """What trains it, as a list of words."""
        seeds = f"--seeds={self.seeds.start}:{self.seeds.stop}"
        return ["python", "-m", "experiments.train", f"--workdir={self.workdir}", seeds]


def make_tasks(workdir, seeds, size=None):
    """`Task`s for a range of a workdir's seeds, of at most `size` each; all in one by default."""
    size = size or len(seeds)
    require_int("runs_per_job", size, 1)
    starts = range(seeds.start, seeds.stop, size)
    return [Task(workdir, range(k, min(k + size, seeds.stop))) for k in starts]

"""Jobs: each trains some seeds of a workdir, independently of the others, and can be stopped."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pepita_jax.errors import DivergedError
from pepita_jax.runs.run import run
from pepita_jax.runs.seeds import name_of_seeds
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.groups import builder


@dataclass(frozen=True)
class Job:
    """Trains some seeds of a workdir, as its configuration says.

    Attributes:
        path: of the workdir, which has been prepared.
        seeds: a range.
        num_epochs: epochs to train, the same as in the configuration.
    """

    path: Path
    seeds: range
    num_epochs: int

    def __call__(self, should_stop=lambda: False):
        with suppress(DivergedError):  # everything is saved, and the summary says so
            config = Workdir(self.path).read_config()
            run(config, self.path, should_stop, self.seeds, build=builder(config))

    def __str__(self):
        return f"{self.path.name}.{name_of_seeds(self.seeds)}.epochs_{self.num_epochs}"

    @property
    def arguments(self):
        """The arguments with which `experiments.train` trains this job."""
        return [f"--workdir={self.path}", f"--seeds={self.seeds.start}:{self.seeds.stop}"]


def make_jobs(path, config, size=None, seeds=None):
    """Prepares a workdir for a run, and returns `Job`s for the seeds that are not finished.

    Args:
        path: of the workdir.
        config: of the run.
        size: most seeds per job; seeds that were trained together stay together.
        seeds: a range, to train only these.
    """
    workdir = Workdir(path)
    workdir.prepare(config)
    ranges = workdir.unfinished(config, size, seeds)
    return [Job(path, part, config["num_epochs"]) for part in ranges]

"""Jobs: a workdir, or some of its seeds. They need nothing of one another, and can be stopped."""

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
    """Some seeds of a workdir, which says what is to be trained.

    Attributes:
        path: of the workdir, which has been prepared.
        seeds: a range.
        num_epochs: to train, as the workdir says too.
    """

    path: Path
    seeds: range
    num_epochs: int

    def __call__(self, should_stop=lambda: False):
        with suppress(DivergedError):  # all is saved, and the summary tells
            config = Workdir(self.path).read_config()
            run(config, self.path, should_stop, self.seeds, build=builder(config))

    def __str__(self):
        return f"{self.path.name}.{name_of_seeds(self.seeds)}.epochs_{self.num_epochs}"

    @property
    def arguments(self):
        """Of `experiments.train`."""
        return [f"--workdir={self.path}", f"--seeds={self.seeds.start}:{self.seeds.stop}"]


def make_jobs(path, config, size=None, seeds=None):
    """`Job`s for what a workdir lacks of a run, which it is prepared for.

    Args:
        path: of the workdir.
        config: of the run.
        size: most seeds of a job; seeds that have been trained together stay together.
        seeds: a range, to train only these.
    """
    workdir = Workdir(path)
    workdir.prepare(config)
    ranges = workdir.unfinished(config, size, seeds)
    return [Job(path, part, config["num_epochs"]) for part in ranges]

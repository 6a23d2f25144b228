"""The folder of a run: its configuration, its seeds' checkpoints, and what is made from them.

The checkpoints are the run. Each start writes `config.json`, `metrics.jsonl` and all else anew from
them, and takes the configuration from `config.json` only if there is no checkpoint yet: a file
without checksums cannot make a result wrong.
"""

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from pepita_jax.errors import UserError
from pepita_jax.files import file_errors, user_path
from pepita_jax.jax_settings import recorded_settings
from pepita_jax.runs.config_file import asked, read_config_file, without_environment, write_json
from pepita_jax.runs.environment import describe_environment
from pepita_jax.runs.locks import alone, hold_seeds
from pepita_jax.runs.rows import append_rows, write_rows
from pepita_jax.runs.same_run import require_same_run
from pepita_jax.runs.saved_run import SavedRun
from pepita_jax.runs.seed_group import FIGURES, SeedGroup, newest_config
from pepita_jax.runs.seeds import fill_up
from pepita_jax.types import TrainState


class Workdir:
    """One run's folder.

    Args:
        path: the folder, which need not exist.

    Attributes:
        path: its absolute path.
        content: the content of `config.json`, once some seeds are held.
    """

    def __init__(self, path: Any):
        self.path = user_path(path)
        self.checkpoints = self.path / "checkpoints"

    @contextmanager
    def hold(self, config: dict, seeds: range | None = None) -> Generator[list[SeedGroup]]:
        """Holds seeds of a configuration's run, and yields their `SeedGroup` objects.

        No other process can hold them meanwhile. The system frees them however this process ends.

        Args:
            config: nested plain dict.
            seeds: a range; None: all seeds. Other processes may hold other seeds at the same time.

        Raises:
            UserError: the folder holds a different run, or other groups; another process holds one
                of the seeds; or the folder cannot be written.
        """
        seeds = range(config["num_seeds"]) if seeds is None else seeds
        with ExitStack() as held:
            with file_errors(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
                with alone(self.path):
                    found = self._find_all()
                    require_same_run(self.path, config, found)
                    ranges = fill_up([group.seeds for group in found], seeds, self.path)
                    held.enter_context(hold_seeds(self.path, ranges))
                    groups = self._start(config, ranges)
            self.settings = recorded_settings()  # before the configuration sets its own
            yield groups

    def _start(self, config, ranges):
        # Read only now: until they were held, another process may have trained them.
        groups = [SeedGroup(self.checkpoints, seeds) for seeds in ranges]
        found = self._find_all()
        saved = newest_config(found) if found else {"environment": describe_environment()}
        self.content = {**saved, **config}
        for group in groups:
            group.checkpoints.remove_old()
        write_json(self.path / "config.json", self.content)
        self.write_figures(found)
        return groups

    def prepare(self, config: dict) -> None:
        """Makes the folder that of a run, for processes that take the configuration from it."""
        with self.hold(config, range(0)):
            pass

    def read_config(self) -> dict:
        """The configuration in `config.json`, a nested plain dict."""
        return without_environment(read_config_file(self.path))

    def begin(self, layout: dict) -> None:
        """Records the environment in which training goes on, and an earlier one if it differs.

        Args:
            layout: how seeds are laid out on the devices, a plain dict.
        """
        now = {**describe_environment(), "settings": self.settings, **layout}
        now = json.loads(json.dumps(now))  # as it is read back
        before, earlier = self.content["environment"], self.content.get("earlier_environments", [])
        if before != now and "seeds_at_once" in before:  # something was trained there
            earlier = [*earlier, before]
        self.record({"environment": now, "earlier_environments": earlier})

    def record(self, fields: dict) -> None:
        """Sets fields of `config.json`; another process may have changed others meanwhile."""
        self.content |= fields
        with file_errors(self.path), alone(self.path):
            write_json(self.path / "config.json", read_config_file(self.path) | fields)

    def log(self, group: SeedGroup, name: str, epoch: int, columns: dict) -> list[dict]:
        """Adds figures of an epoch to a group and to their file; returns the rows."""
        rows = group.add(name, epoch, columns)
        with file_errors(self.path):
            append_rows(self.path / f"{name}.jsonl", rows)
        return rows

    def save(self, group: SeedGroup, epoch: int, states: TrainState) -> None:
        """Writes a group's checkpoint."""
        group.save(epoch, states, self.content)

    def write_results(self, write: Callable[["Workdir", SavedRun], Any]) -> Any:
        """Writes all saved figures to their files, and calls `write(workdir, SavedRun)`.

        Returns:
            What `write` returns; None while seeds that other processes may train are not done.
        """
        with file_errors(self.path), alone(self.path):
            groups = self._find_all()
            self.write_figures(groups)
            is_done = not self._unfinished(groups, self.content)
            return write(self, SavedRun.of(groups, asked(self.path))) if is_done else None

    def unfinished(
        self, config: dict, size: int | None = None, seeds: range | None = None
    ) -> list[range]:
        """Ranges of seeds that have not reached the last epoch.

        Args:
            config: the run's configuration.
            size: most seeds of a range, unless they have been trained together so far.
            seeds: the range of seeds to look at; None: all.
        """
        ranges, there = [], self._find_all()
        for part in self._unfinished(there, config, seeds):
            is_new = part not in [group.seeds for group in there]
            step = size if is_new and size else len(part)
            ranges += [part[k : k + step] for k in range(0, len(part), step)]
        return ranges

    def _unfinished(self, groups, config, seeds=None):
        done = {group.seeds: group.is_done(config["num_epochs"]) for group in groups}
        ranges = fill_up(done, seeds or range(config["num_seeds"]), self.path)
        return [part for part in ranges if not done.get(part)]

    def write_figures(self, groups: list[SeedGroup]) -> None:
        """Makes the files of figures hold exactly those of some groups, in their order."""
        for name in FIGURES:
            rows, path = [row for c in groups for row in c.rows[name]], self.path / f"{name}.jsonl"
            with file_errors(self.path):
                if rows or path.exists():  # it may hold rows that no checkpoint has
                    write_rows(path, rows)

    def write_summary(self, summary: dict) -> None:
        """Writes `summary.json`."""
        with file_errors(self.path):
            write_json(self.path / "summary.json", summary)

    def read(self, states: bool = False) -> SavedRun:
        """The run as it stands; `SavedRun` says which of its seeds are included.

        Args:
            states: whether its states are to be restored; figures alone are read faster.

        Raises:
            UserError: the folder holds no run, or one without an intact checkpoint.
        """
        return self.retry_reading(lambda: SavedRun.of(self._found_groups(states), asked(self.path)))

    def retry_reading(self, read: Callable[[], Any]) -> Any:
        """Returns `read()`; tries again if a process has saved or removed checkpoints meanwhile."""
        while True:
            before = self._names_of_checkpoints()
            try:
                return read()
            except (OSError, UserError):
                if self._names_of_checkpoints() == before:
                    raise

    def _find_all(self):
        """The groups with all figures; their states are not read."""
        return self.retry_reading(lambda: SeedGroup.find_all(self.checkpoints, states=False))

    def _found_groups(self, states):
        groups = SeedGroup.find_all(self.checkpoints, states)
        if not groups:
            read_config_file(self.path)
            raise UserError(f"the run in {self.path} has no checkpoint yet")
        return groups

    def _names_of_checkpoints(self):
        return sorted(str(path) for path in self.checkpoints.glob("*/*"))

"""Trains a sweep's groups as jobs, rung by rung if they are halved, and then the best settings."""

from contextlib import suppress

from experiments.command_line import launch
from pepita_jax.errors import UserError
from pepita_jax.runs.summary import write_summary_and_plots
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.halving import first_rung, name_of_rung, next_rung
from pepita_jax.sweep.results import rank, setting_rows


def train_groups(folder, groups, settings, split, halving, show):
    """Trains all groups; returns all rows, or None if the jobs were only printed.

    Args:
        folder: holds the groups' workdirs.
        groups: `Group`s of the settings.
        settings: a list of `{field: value}`.
        split: the split that halving ranks settings on.
        halving: epochs after each of which the worse half of each group ends; may be empty.
        show: called with the rows so far, whenever a job is done.
    """
    if not halving:
        return _train({folder / f"group_{n}": g for n, g in enumerate(groups)}, settings, show)
    rows, rungs = [], {n: first_rung(group, halving) for n, group in enumerate(groups)}
    for number in range(len(halving) + 1):
        names = {n: name_of_rung(n, number) for n in rungs}
        there = rows
        new = _train(
            {folder / names[n]: rung for n, rung in rungs.items()},
            settings,
            lambda found, there=there: show(_update(there, found)),
        )
        if new is None:
            return None
        rows = _update(there, new)
        ranking = rank(rows, settings, split)
        after = {
            n: next_rung(rung, names[n], ranking, halving, number + 1) for n, rung in rungs.items()
        }
        rungs = {n: rung for n, rung in after.items() if rung}
    return rows


def train_best(root, chosen):
    """Trains settings on the whole training set; returns `{setting: summary}`.

    Returns None if the jobs were only printed.

    Args:
        root: of the sweep.
        chosen: `{number of the setting: configuration}`.
    """
    paths = {index: root / f"best_{index}" for index in chosen}
    if not launch.train_all({paths[index]: chosen[index] for index in chosen}, root):
        return None
    summaries = {}
    for index, path in paths.items():
        workdir = Workdir(path)
        workdir.prepare(chosen[index])
        summaries[index] = workdir.write_results(write_summary_and_plots)
    return summaries


def _train(groups, settings, show):
    """Trains `{path: Group}`, which may be empty; returns the rows, see `train_groups`."""
    read = lambda path: setting_rows(groups[path], Workdir(path).read(), settings)
    found = {}

    def gather(job):
        with suppress(UserError):  # the group's first seeds may not be there yet
            found[job.path] = read(job.path)
        show([row for rows in found.values() for row in rows])

    configs = {path: group.config for path, group in groups.items()}
    folder = next(iter(groups)).parent if groups else None
    if not launch.train_all(configs, folder, gather):
        return None
    return [row for path in groups for row in read(path)]


def _update(rows, new):
    """The rows, with new ones in place of the same settings' earlier ones."""
    later = {row["setting"] for row in new}
    return [row for row in rows if row["setting"] not in later] + new

"""Searches: Optuna chooses settings by the accuracies of earlier ones. It is asked, and told.

The study file holds all that a search knows. Each trial is drawn with its own random state, so
that a search that was stopped asks for the same settings as one that was not.
"""

import json
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pepita_jax.errors import UserError, require
from pepita_jax.sweep.axes import Range

SAMPLERS = ("cmaes", "random", "tpe")
STUDY = "sweep"
ROUNDS = "rounds"  # the study's attribute that lists how many settings each round has
LISTED = "settings"  # the parameter that selects one of the listed settings


def check_sampler(name: str, axes: dict[str, list | Range], listed: Sequence[dict]) -> None:
    """Raises a `UserError` if Optuna is not installed, or the sampler cannot draw from the axes."""
    needed = ["optuna", "cmaes"] if name == "cmaes" else ["optuna"]
    message = f"--sampler={name} needs the extra: pip install -e '.[search]'"
    require(all(map(find_spec, needed)), message)
    if name == "cmaes":
        lists = [f"--sweep.{f}" for f, values in axes.items() if not isinstance(values, Range)]
        lists += ["--settings"] if any(listed) else []
        message = f"--sampler=cmaes takes uniform: and log_uniform: axes, not {', '.join(lists)}"
        require(not lists, message)
        require(len(axes) > 1, "--sampler=cmaes needs two axes or more; try --sampler=tpe")


def examples(axes: dict[str, list | Range], listed: Sequence[dict]) -> list[dict]:
    """Settings that contain each listed value and each bound, to be checked at the start."""
    columns = {f: [v.low, v.high] if isinstance(v, Range) else v for f, v in axes.items()}
    longest = max(map(len, [listed, *columns.values()]))
    at = lambda values, i: values[i % len(values)]
    return [
        {f: at(values, i) for f, values in columns.items()} | at(listed, i) for i in range(longest)
    ]


class Search:
    """A search in rounds. The settings of one round are asked for together.

    Args:
        path: the study file (SQLite), which need not exist.
        sampler: one of `SAMPLERS`.
        axes: `{field: values}`, see `read_axes`.
        listed: settings; each trial has one of them besides.
        seed: root of the draws.

    Raises:
        UserError: the file is damaged or cannot be written; every method may raise it.
    """

    def __init__(
        self,
        path: Path,
        sampler: str,
        axes: dict[str, list | Range],
        listed: Sequence[dict],
        seed: int,
    ):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.path, self.seed, self._fields = path, seed, list(axes)
        lists = {f: values for f, values in axes.items() if isinstance(values, list)}
        if any(listed):
            lists[LISTED] = list(listed)
        self._choices = {f: {_as_choice(v): v for v in values} for f, values in lists.items()}
        self._space = _space(axes, self._choices)
        self._sampler = _samplers(len(axes))[sampler]
        with self._file_errors():
            self._study = optuna.create_study(
                storage=f"sqlite:///{path}",
                study_name=STUDY,
                direction="maximize",
                load_if_exists=True,
            )

    @property
    def sizes(self) -> list[int]:
        """The number of settings of each round that has begun."""
        with self._file_errors():
            return self._study.user_attrs.get(ROUNDS, [])

    def ask(self, number: int, size: int) -> list[dict]:
        """The settings of a round, including those that were asked for before.

        Args:
            number: number of the round, from 0; the round before must have been told.
            size: the number of its settings, if it has not begun.
        """
        sizes = self.sizes
        with self._file_errors():
            if number == len(sizes):
                sizes = [*sizes, size]
                self._study.set_user_attr(ROUNDS, sizes)
            while (there := len(self._trials())) < sum(sizes[: number + 1]):
                (state,) = np.random.SeedSequence([self.seed, there]).generate_state(1)
                self._study.sampler = self._sampler(int(state), sizes[0])
                self._study.ask(self._space)
            return [self._as_setting(trial.params) for trial in self._round(number)]

    def tell(self, number: int, values: Sequence[float]) -> None:
        """Tells the accuracies of a round's settings, in their order; repeating it is harmless."""
        with self._file_errors():
            for trial, value in zip(self._round(number), values, strict=True):
                self._study.tell(trial.number, value, skip_if_finished=True)

    def _round(self, number):
        sizes = self.sizes
        return self._trials()[sum(sizes[:number]) : sum(sizes[: number + 1])]

    def _trials(self):
        """The trials that have a whole setting.

        A process may have ended while it asked for one; such a trial counts as failed.
        """
        from optuna.trial import TrialState

        whole = []
        for trial in self._study.get_trials(deepcopy=False):
            if trial.params.keys() == self._space.keys():
                whole.append(trial)
            elif trial.state == TrialState.RUNNING:
                self._study.tell(trial.number, state=TrialState.FAIL)
        return whole

    def _as_setting(self, params):
        values = {f: self._choices[f][v] if f in self._choices else v for f, v in params.items()}
        return {field: values[field] for field in self._fields} | values.get(LISTED, {})

    @contextmanager
    def _file_errors(self) -> Generator[None]:
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, StorageInternalError) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            raise UserError(f"{self.path} is damaged, or cannot be used ({reason})") from error


def _space(axes: dict[str, list | Range], choices: dict[str, dict]) -> dict[str, Any]:
    """Optuna's distributions."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    ranges = {f: FloatDistribution(*r) for f, r in axes.items() if isinstance(r, Range)}
    return {**ranges, **{f: CategoricalDistribution(list(c)) for f, c in choices.items()}}


def _samplers(num_axes: int) -> dict[str, Callable]:
    """`{name: (seed, settings per round) -> sampler}`."""
    from optuna import samplers

    # One generation per round; a smaller one than the usual would learn little.
    usual = 4 + int(3 * math.log(max(1, num_axes)))
    # About the first ten settings are drawn at random; they make up whole rounds.
    drawn = lambda size: 10 // size * size or size
    return {
        "cmaes": lambda seed, size: samplers.CmaEsSampler(seed=seed, popsize=max(size, usual)),
        "random": lambda seed, size: samplers.RandomSampler(seed=seed),
        # Running settings count as bad, so that the settings of a round are not all alike.
        "tpe": lambda seed, size: samplers.TPESampler(
            n_startup_trials=drawn(size), seed=seed, constant_liar=True
        ),
    }


def _as_choice(value: Any) -> Any:
    """What stands for a value in the study file, which holds only numbers and words."""
    return value if isinstance(value, (bool, int, float, str)) else json.dumps(value)

"""Figures (measured numbers) of several seeds, epoch by epoch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jax.tree_util import register_dataclass

from pepita_jax.words import counted


@partial(register_dataclass, data_fields=["figures"], meta_fields=["seeds", "first_epoch"])
@dataclass(frozen=True, eq=False, repr=False)
class History(Mapping):
    """Figures of S seeds by name, used like a dict of arrays `[S, epochs, ...]`.

    `jax.tree.map` accepts it too. Figures are NaN where a seed has diverged, or has none.

    Attributes:
        figures: `{name: [S, epochs, ...]}`.
        seeds: the numbers of the S seeds.
        first_epoch: number of the first epoch: 1, or 0 for figures that begin before training.
    """

    figures: dict[str, np.ndarray]
    seeds: tuple[int, ...]
    first_epoch: int = 1

    def __getitem__(self, name: str) -> np.ndarray:
        return self.figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)

    def __repr__(self) -> str:
        size = f"{counted(len(self.seeds), 'seed')}, {counted(self.num_epochs, 'epoch')}"
        return f"History({', '.join(self)}: {size})"

    @classmethod
    def stack(cls, epochs: Sequence[Mapping[str, np.ndarray]], seeds: Sequence[int]) -> "History":
        """Joins the figures of each epoch, `{name: [S]}`."""
        return cls(
            {name: np.stack([e[name] for e in epochs], axis=1) for name in epochs[0]}, tuple(seeds)
        )

    @property
    def num_epochs(self) -> int:
        """The number of epochs, from `first_epoch` on."""
        return next((values.shape[1] for values in self.figures.values()), 0)

    def until(self, epoch: int) -> "History":
        """The history up to an epoch, which is included."""
        end = epoch + 1 - self.first_epoch
        return self._each(lambda values: values[:, :end], self.seeds)

    def of_first(self, num_seeds: int) -> "History":
        """The history of the first `num_seeds` seeds."""
        return self._each(lambda values: values[:num_seeds], self.seeds[:num_seeds])

    def final(self, name: str) -> np.ndarray:
        """A figure of the last epoch, `[S, ...]`."""
        return self.figures[name][:, -1]

    def diverged(self) -> dict[int, int]:
        """`{place of the seed along S: first epoch without a finite test_accuracy}`."""
        finite = np.isfinite(self.figures["test_accuracy"])
        first = finite.argmin(1) + self.first_epoch
        return {k: int(first[k]) for k in np.flatnonzero(~finite.all(1)).tolist()}

    def _each(self, change: Any, seeds: tuple[int, ...]) -> "History":
        figures = {name: change(values) for name, values in self.figures.items()}
        return History(figures, seeds, self.first_epoch)

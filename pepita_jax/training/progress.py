"""A live progress bar on a terminal, a plain line per epoch elsewhere."""

from typing import Any

import numpy as np
from tqdm import tqdm

from pepita_jax.watching import standard_error
from pepita_jax.words import counted, describe_time

BAR = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left{postfix}"  # fits 80 columns
MOST_NAMED = 10  # seeds that diverge in an epoch


class Progress:
    """Shows how far a training is, on standard error.

    Args:
        num_epochs: epochs in all.
        steps_per_epoch: steps in each.
        done: epochs done before, when a run goes on.
        shown: False shows nothing.
        label: what is trained.
        names: of what is trained side by side; by default seed 0, seed 1 and so on.
        num_settings: settings whose seeds are trained side by side: seed 0 of every setting, then
            seed 1. The best setting's mean is shown, as in a sweep's ranking.
    """

    def __init__(
        self,
        num_epochs,
        steps_per_epoch,
        done=0,
        shown=True,
        label="training",
        names=None,
        num_settings=1,
    ):
        self.num_epochs, self.names, self.num_settings = num_epochs, names, num_settings
        self.stream = standard_error()
        self.is_live = shown and self.stream.isatty()
        self.prints_lines = shown and not self.is_live
        self.label, self.compiles = label, True
        self.bar = tqdm(
            total=num_epochs * steps_per_epoch,
            initial=done * steps_per_epoch,
            desc=label,
            file=self.stream,
            bar_format=BAR,
            disable=not self.is_live,
            dynamic_ncols=True,
        )
        if self.prints_lines:
            of_each = counted(steps_per_epoch, "step")
            plan = f"epochs {done + 1} to {num_epochs}, each of {of_each}"
            so_far = f"{done} of {counted(num_epochs, 'epoch')} done"
            next_are = f"{so_far}; next are {plan}" if done else plan
            self.say(so_far if done >= num_epochs else next_are)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def advance(self, steps: int) -> None:
        """Counts `steps` more steps, of all seeds together."""
        self.bar.update(steps)

    def finish_epoch(self, epoch: Any, learning_rate: Any = None) -> None:
        """Shows the accuracies of an `Epoch`, and which seeds have diverged.

        Args:
            epoch: the `Epoch`.
            learning_rate: one for all, or one per seed.
        """
        word = "best " if self.num_settings > 1 else ""
        shown = lambda values: best_mean(values, self.num_settings)
        accuracies = ", ".join(
            f"{word}{name.removesuffix('_accuracy')} {100 * shown(values):.2f} %"
            for name, values in epoch.metrics.items()
            if name.endswith("_accuracy") and np.isfinite(values).any()
        )
        line = f"epoch {epoch.number}/{self.num_epochs}, {accuracies or 'no seed is left'}"
        self.bar.set_postfix_str(line)
        if self.prints_lines:
            left = (self.num_epochs - epoch.number) * epoch.seconds if accuracies else 0
            # The first epoch's time is that of compilation too.
            how, bound = (" with compilation", "at most ") if self.compiles else ("", "")
            more = f", {bound}{describe_time(left)} left" if left else ""
            self.say(f"{line}, {epoch.seconds:.1f} s{how}{more}")
        self.compiles = False
        for seed in epoch.diverged[:MOST_NAMED]:
            at_rate = ""
            if learning_rate is not None and not np.isnan(learning_rate).all():
                of_all = np.ravel(learning_rate)
                at_rate = f" at learning rate {of_all[seed % len(of_all)]:g}"
            who = self.names[seed] if self.names else f"seed {seed}"
            self.say(
                f"{who} has diverged in epoch {epoch.number}{at_rate}: its "
                "weights are not finite. No mean includes it"
            )
        if more := len(epoch.diverged[MOST_NAMED:]):
            self.say(f"{more} more diverged in epoch {epoch.number}")

    def say(self, line: str) -> None:
        """Prints a line, above the bar if there is one."""
        if self.is_live or self.prints_lines:
            self.bar.write(f"{self.label}: {line}", file=self.stream)
            self.stream.flush()


def best_mean(values: np.ndarray, num_settings: int) -> float:
    """The highest mean over a setting's seeds.

    A setting with diverged seeds counts only if no other is left; its mean is over the others.

    Args:
        values: `[S]`, seed 0 of every setting, then seed 1; NaN for diverged seeds.
        num_settings: number of settings.
    """
    settings = [values[i::num_settings] for i in range(min(num_settings, len(values)))]
    whole = [seeds for seeds in settings if np.isfinite(seeds).all()]
    left = whole or [seeds for seeds in settings if np.isfinite(seeds).any()]
    return max(float(np.nanmean(seeds)) for seeds in left)

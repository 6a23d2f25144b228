"""A live progress bar on a terminal, a plain line per epoch elsewhere."""

import sys

from tqdm import tqdm


class Progress:
    """Shows how far a training is, on standard error.

    Args:
        num_epochs: epochs in all.
        steps_per_epoch: steps in each.
        done: epochs done before, when a run goes on.
        shown: False shows nothing.
        label: what is trained.
    """

    def __init__(self, num_epochs, steps_per_epoch, done=0, shown=True, label="training"):
        self.num_epochs = num_epochs
        self.is_live = shown and sys.stderr.isatty()
        self.prints_lines = shown and not self.is_live
        self.label = label
        self.bar = tqdm(
            total=num_epochs * steps_per_epoch,
            initial=done * steps_per_epoch,
            desc=label,
            unit=" steps",
            disable=not self.is_live,
            dynamic_ncols=True,
        )
        if self.prints_lines:
            plan = f"epochs {done + 1} to {num_epochs} of {steps_per_epoch} steps"
            self._print(plan if done < num_epochs else f"all {num_epochs} epochs are done")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def advance(self, steps):
        """Counts `steps` more steps, of all seeds together."""
        self.bar.update(steps)

    def finish_epoch(self, epoch):
        """Shows the accuracies of an `Epoch`."""
        accuracies = ", ".join(
            f"{name.removesuffix('_accuracy')} {100 * values.mean():.2f} %"
            for name, values in epoch.metrics.items()
            if name.endswith("_accuracy")
        )
        self.bar.set_postfix_str(f"epoch {epoch.number}/{self.num_epochs}, {accuracies}")
        if self.prints_lines:
            line = f"epoch {epoch.number}/{self.num_epochs}, {accuracies}"
            self._print(f"{line}, {epoch.seconds:.1f} s")

    def _print(self, line):
        print(f"{self.label}: {line}", file=sys.stderr, flush=True)

"""A run that a paper's tables and figures need."""

from collections.abc import Callable
from typing import Any, NamedTuple

from configs.settings import Chosen, make_config

QUICK = {"seeds": 2, "epochs": 3}


class PaperRun(NamedTuple):
    """A run of a paper.

    Attributes:
        words: RULE, MODEL and DATASET.
        variant: part of the run's name, which distinguishes it from the preset of these words.
        fields: `(field, value)` pairs that differ from the preset.
        seeds, epochs: as in the paper; if it gives none, enough to show the effect.
        kept: `(name, function)` of what its records have beside the figures of each epoch and the
            histograms of the weights. A function takes the configuration, the weights of a seed and
            its number; it returns what is kept, or None.
        called: the rule's part of the run's name, if it is not the name of the rule.
    """

    words: tuple[str, str, str]
    variant: str = ""
    fields: tuple[tuple[str, Any], ...] = ()
    seeds: int = 10
    epochs: int = 100
    kept: tuple[tuple[str, Callable], ...] = ()
    called: str = ""

    @property
    def name(self):
        """The name of its workdir and of its record file."""
        rule, *others = self.words
        return "_".join(filter(None, (self.called or rule, *others, self.variant)))

    def config(self, num_seeds, num_epochs):
        """Its configuration, a nested plain dict."""
        size = {"num_seeds": num_seeds, "num_epochs": num_epochs}
        return make_config(Chosen(self.words, dict(self.fields) | size), {})

    def quick(self):
        """A small run on the digits, in place of this one."""
        rule, model, _ = self.words
        fields = tuple(f for f in self.fields if f[0] != "batch_size")
        return self._replace(words=(rule, model, "digits"), fields=fields, **QUICK)

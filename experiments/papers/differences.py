"""What the same seeds of two runs differ by."""

from typing import NamedTuple

import numpy as np

from pepita_jax.words import counted

NONE_BELOW = 0.001  # p values are not written out


class Difference(NamedTuple):
    """Points of accuracy between the same seeds of two runs.

    Attributes:
        mean: None without a pair.
        low, high: the mean's 95 % interval by Student's t; None if only one pair is left, or if all
            pairs differ by the same number.
        p: by Student's t for pairs, two-sided; None where there is no interval.
        pairs: how many pairs are finite.
        seeds: how many pairs there are.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    pairs: int
    seeds: int

    @property
    def excludes_zero(self):
        """Whether the interval does; None without one."""
        return None if self.p is None else not self.low <= 0 <= self.high

    def __str__(self):
        if self.mean is None:
            return "-"
        interval = "" if self.p is None else f" [{self.low:+.2f}, {self.high:+.2f}]"
        pairs = "" if self.pairs == self.seeds else f", {counted(self.pairs, 'pair')}"
        return f"{self.mean:+.2f}{interval}{pairs}"

    def with_p(self):
        """The same and the p value, in words."""
        if self.p is None:
            return str(self)
        p = f"p < {NONE_BELOW}" if self.p < NONE_BELOW else f"p = {self.p:.3f}"
        return f"{self}, {p}"


def paired_difference(one, other):
    """The `Difference` of one run to another.

    Args:
        one, other: fractions, `[S]`; a pair that is not finite is left out.
    """
    from scipy.stats import ttest_rel

    one, other = np.asarray(one, float), np.asarray(other, float)
    both = np.isfinite(one) & np.isfinite(other)
    one, other = one[both], other[both]
    size = {"pairs": len(one), "seeds": len(both)}
    mean = 100 * float(np.mean(one - other)) if len(one) else None
    if len(one) < 2 or np.ptp(one - other) == 0:
        return Difference(mean, None, None, None, **size)
    test = ttest_rel(one, other)
    low, high = (100 * float(end) for end in test.confidence_interval(0.95))
    return Difference(mean, low, high, float(test.pvalue), **size)

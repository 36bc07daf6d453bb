"""
Intervals for what an experiment found. Pure; at 95 % unless a `z` says otherwise.

Every function says "cannot be known" with None rather than with a number that looks sure.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

Z = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of its interval, in the unit of the figure."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Test if the interval leaves zero out: the sign of a difference can be trusted."""
        return self.low > 0 or self.high < 0

    def times(self, n: int) -> "Estimate":
        """Return what is so for each of `n` people, for all of them together."""
        return Estimate(self.value * n, self.low * n, self.high * n)


def critical(confidence: float, *, comparisons: int = 1) -> float:
    """
    Return the z of two-sided intervals that all hold at once with this confidence (0.95 is 95 %).

    Of several comparisons each gets its part of what may go wrong (Bonferroni's inequality): whoever looks at
    many differences finds one by chance. Source: Dunn, JASA 56 (1961) 52-64.
    """
    return NormalDist().inv_cdf(1 - (1 - confidence) / (2 * comparisons))


def rate_interval(hits: int, n: int, *, z: float = Z) -> Estimate | None:
    """
    Return the share `hits / n` with Wilson's score interval; None when n is 0.

    Source: Wilson, JASA 22 (1927) 209-212; holds for small n and shares near 0, unlike ± z·se.
    """
    if n == 0:
        return None
    share = hits / n
    centre = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Estimate(share, max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale))


def rate_difference(hits: int, n: int, control_hits: int, control_n: int, *, z: float = Z) -> Estimate | None:
    """
    Return the difference of two shares, in points as a fraction; None when either group is empty.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    group, control = rate_interval(hits, n, z=z), rate_interval(control_hits, control_n, z=z)
    if group is None or control is None:
        return None
    difference = group.value - control.value
    below = sqrt((group.value - group.low) ** 2 + (control.high - control.value) ** 2)
    above = sqrt((group.high - group.value) ** 2 + (control.value - control.low) ** 2)
    return Estimate(difference, difference - below, difference + above)


def rate_lift(hits: int, n: int, control_hits: int, control_n: int) -> Estimate | None:
    """
    Return the relative lift of a share over the control's (0.5 is half as much again).

    None when either group is empty or has no hits: then a ratio has no meaning.
    Source: Katz et al., Biometrics 34 (1978) 469-474, the log-ratio interval.
    """
    if 0 in (hits, n, control_hits, control_n):
        return None
    ratio = (hits / n) / (control_hits / control_n)
    reach = Z * sqrt(1 / hits - 1 / n + 1 / control_hits - 1 / control_n)
    return Estimate(ratio - 1, exp(log(ratio) - reach) - 1, exp(log(ratio) + reach) - 1)


@dataclass(frozen=True)
class Sums:
    """A group of `n` people as two sums: of their values, and of the squares of their values."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def error_squared(self) -> float:
        """Return the squared standard error of the mean; needs n ≥ 2."""
        variance = max(0.0, (self.squares - self.total * self.total / self.n) / (self.n - 1))
        return variance / self.n


def mean_interval(group: Sums) -> Estimate | None:
    """Return the value per head; None below two people. Those without a value count as zero."""
    if group.n < 2:
        return None
    reach = Z * sqrt(group.error_squared)
    return Estimate(group.mean, group.mean - reach, group.mean + reach)


def mean_difference(group: Sums, control: Sums) -> Estimate | None:
    """
    Return the difference of the values per head; None when a group has fewer than two people.

    Source: Welch, Biometrika 34 (1947) 28-35, with the normal in place of t: the groups are large.
    """
    if group.n < 2 or control.n < 2:
        return None
    difference = group.mean - control.mean
    reach = Z * sqrt(group.error_squared + control.error_squared)
    return Estimate(difference, difference - reach, difference + reach)

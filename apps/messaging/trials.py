"""What an experiment found, and which variant wins by it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from apps.core.statistics import Estimate, critical, rate_difference

SURE = 0.95


@dataclass(frozen=True)
class Arm:
    """The people of the sample who were sent one variant, and how many of them did what is counted."""

    variant: int
    sent: int
    hits: int

    @property
    def share(self) -> Fraction:
        """Return the share exactly, so that a tie is one; 0 of nobody."""
        return Fraction(self.hits, self.sent) if self.sent else Fraction(0)


@dataclass(frozen=True)
class Choice:
    """The variant for the rest, None for none; `has_won`: by the rule, not because something had to be."""

    variant: int | None
    has_won: bool


def leader(arms: Sequence[Arm]) -> Arm | None:
    """Return the one with the highest share; None where several have it, and so where nobody did anything."""
    best = max((arm.share for arm in arms), default=Fraction(0))
    first = [arm for arm in arms if arm.share == best]
    return first[0] if len(first) == 1 else None


def margins(arm: Arm, arms: Sequence[Arm], *, confidence: float = SURE) -> dict[int, Estimate | None]:
    """
    Return by how much a variant is ahead of each other one, in points as a fraction; None: nobody to compare.

    All these intervals hold at once with this confidence, for every pair of variants that there is: the
    leader is only found by looking at all of them.
    """
    if len(arms) < 2:
        return {}
    z = critical(confidence, comparisons=comb(len(arms), 2))
    return {
        other.variant: rate_difference(arm.hits, arm.sent, other.hits, other.sent, z=z)
        for other in arms
        if other.variant != arm.variant
    }


def is_clear(arm: Arm, arms: Sequence[Arm], *, confidence: float = SURE) -> bool:
    """Test if a variant is ahead of every other one by more than chance gives."""
    found = margins(arm, arms, confidence=confidence)
    return bool(found) and all(margin is not None and margin.low > 0 for margin in found.values())


def choose(arms: Sequence[Arm], *, confidence_percent: int, sends_best: bool) -> Choice:
    """
    Return what the rest gets.

    The leader wins; with a confidence only if it is ahead of every other one by so much. If none wins, and
    something is to be sent all the same, it is what comes first: of equals the one nearest to the control.
    """
    ahead = leader(arms)
    if ahead and (not confidence_percent or is_clear(ahead, arms, confidence=confidence_percent / 100)):
        return Choice(ahead.variant, has_won=True)
    if not sends_best:
        return Choice(None, has_won=False)
    best = max(arms, key=lambda arm: (arm.share, -arm.variant), default=Arm(0, 0, 0))
    return Choice(best.variant, has_won=False)

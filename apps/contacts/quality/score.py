"""How good the data is, as one number."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

HUNDREDTH = Decimal("0.01")


def rule_score(*, checked: int, found: int) -> Decimal:
    """
    Return 100 × (1 − found / checked): the share of contacts that the rule finds nothing about, 0 to 100.

    A contact counts once, however often the rule found something; where there is nobody, nothing is wrong.
    """
    if not checked:
        return Decimal(100)
    return _settled(Decimal(100) * (1 - Decimal(min(found, checked)) / checked))


def total_score(scores: Iterable[tuple[int, Decimal]]) -> Decimal:
    """
    Return Σ weight × score / Σ weight over (weight, score) of the rules that are on, 0 to 100.

    Rules of weight 0 find without counting; 100 where no rule counts.
    """
    told = list(scores)
    weights = sum(weight for weight, _score in told)
    if not weights:
        return Decimal(100)
    return _settled(sum((weight * score for weight, score in told), Decimal(0)) / weights)


def _settled(value: Decimal) -> Decimal:
    """Round to hundredths; but 100 is only where nothing at all was found."""
    rounded = value.quantize(HUNDREDTH, ROUND_HALF_UP)
    return rounded if value == 100 else min(rounded, 100 - HUNDREDTH)

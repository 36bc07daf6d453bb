"""
What came of messages that went out: shown beside the wizard's steps, and quoted by lessons.

This app knows no results. Who does registers from `AppConfig.ready`: `evidence.sources.register("results",
Source(past=…, of_campaign=…))`. Both answer with what reporting's own pages show.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.core import display
from apps.core.registry import Registry
from apps.core.statistics import Estimate

# Below so many people a rate is told, and marked: the next such message may well do otherwise.
SMALL = 200
MOST = 12  # shown of the past


@dataclass(frozen=True)
class Result:
    """
    What one message did to one measure: `rate` of `people` did it; `difference` is to those held out, if any.

    `key` names it for good. Conversions and clicks are never compared with each other: `is_conversion`.
    """

    key: str
    campaign_id: int
    campaign: str
    kind: str  # of the channel
    message: str
    measure: str
    is_conversion: bool
    people: int
    rate: Estimate
    difference: Estimate | None
    at: datetime
    url: str

    @property
    def channel(self) -> str | Promise:
        return Channel.Kind(self.kind).label

    @property
    def is_small(self) -> bool:
        return self.people < SMALL

    @property
    def estimate(self) -> Estimate:
        """Return what a lesson quotes: the difference where somebody was held out, else the rate."""
        return self.difference or self.rate

    @property
    def sentence(self) -> str:
        told = {
            "message": self.message,
            "measure": self.measure,
            "rate": display.percent(self.rate.value, 2),
            "low": display.percent(self.rate.low, 2),
            "high": display.percent(self.rate.high, 2),
            "people": display.number(self.people),
            "points": display.points(self.difference),
        }
        if self.difference is None:
            sentence = _("“%(message)s”, %(measure)s: %(rate)s of %(people)s people (%(low)s to %(high)s).")
        else:
            sentence = _(
                "“%(message)s”, %(measure)s: %(rate)s of %(people)s people, "
                "%(points)s against those held out."
            )
        return sentence % told


@dataclass(frozen=True)
class Source:
    """
    Who knows results: of a segment's past messages for a person, one campaign left out; and of one campaign.
    """

    past: Callable[[User, int, int | None], list[Result]]
    of_campaign: Callable[[Campaign], list[Result]]


sources: Registry[Source] = Registry()


def worked_before(user: User, segment: int, *, but: int | None = None) -> list[Result]:
    """Return what messages to a segment did, conversions before clicks, the highest rate first."""
    found = [result for source in sources for result in source.past(user, segment, but)]
    return sorted(found, key=lambda one: (not one.is_conversion, -one.rate.value, one.key))[:MOST]


def results_of(campaign: Campaign) -> list[Result]:
    """Return every result of a campaign that a lesson can quote."""
    return [result for source in sources for result in source.of_campaign(campaign)]

"""What the pages of results read: roll-ups, so that a page costs the same for ten people and ten million."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.core.statistics import (
    Estimate,
    Sums,
    mean_difference,
    mean_interval,
    rate_difference,
    rate_interval,
    rate_lift,
)
from apps.messaging.models import Message
from apps.reporting.measures import GOAL, Measure, campaign_measures, definition
from apps.reporting.models import ArmResult, CampaignResult, Conversion, MessageResult

COUNTS = (
    "audience",
    "sent",
    "waiting",
    "excluded",
    "lost",
    "bounced",
    "opened",
    "opened_machine",
    "clicked",
    "clicked_machine",
    "unsubscribed",
    "complained",
)


@dataclass(frozen=True)
class Figures:
    """
    What became of one or more messages, in people, and what they did.

    `audience` = `sent` + `waiting` + `excluded` + `lost`; `delivered` = `sent` less `bounced`. Adding two
    gives the figures of both, so the messages of a campaign sum to the campaign.
    """

    audience: int = 0
    sent: int = 0
    waiting: int = 0
    excluded: int = 0
    lost: int = 0
    bounced: int = 0
    opened: int = 0
    opened_machine: int = 0
    clicked: int = 0
    clicked_machine: int = 0
    unsubscribed: int = 0
    complained: int = 0
    tracked: int = 0  # delivered with opens and clicks counted: what their rates are shares of
    conversions: int = 0  # events credited
    value: Decimal = Decimal(0)

    def __add__(self, other: "Figures") -> "Figures":
        pairs = ((name, getattr(self, name) + getattr(other, name)) for name in self.__dataclass_fields__)
        return Figures(**dict(pairs))

    @property
    def delivered(self) -> int:
        return self.sent - self.bounced

    @property
    def open_rate(self) -> float | None:
        return self.opened / self.tracked if self.tracked else None

    @property
    def click_rate(self) -> float | None:
        return self.clicked / self.tracked if self.tracked else None


def figures_by(group: str, messages: QuerySet[Message]) -> dict[Any, Figures]:
    """Sum the roll-ups of `messages` by a field of Message (`pk`, `campaign`…), in two queries."""
    results = MessageResult.objects.filter(message__in=messages).values_list(f"message__{group}")
    counted = results.annotate(
        *(Sum(name) for name in COUNTS),
        tracked=Coalesce(Sum(F("sent") - F("bounced"), filter=Q(message__is_tracked=True)), 0),
    )
    counts = {row[0]: row[1:] for row in counted}
    goals = ArmResult.objects.filter(message__in=messages, measure=GOAL, arm=ArmResult.Arm.SENT)
    worth = goals.values_list(f"message__{group}").annotate(Sum("credited"), Sum("credited_value"))
    earned = {key: {"conversions": conversions, "value": value} for key, conversions, value in worth}
    return {
        key: Figures(**dict(zip((*COUNTS, "tracked"), row, strict=True)), **earned.get(key, {}))
        for key, row in counts.items()
    }


@dataclass(frozen=True)
class ArmFinding:
    """One arm and one measure: `people` in the arm, of whom `converted` did it, `conversions` times."""

    people: int
    converted: int
    conversions: int
    value: Decimal
    rate: Estimate | None
    per_head: Estimate | None  # value per person of the arm; None where the measure has no value


@dataclass(frozen=True)
class Comparison:
    """
    What one message did to one measure, against the people held out of that very message.

    `control` are those of its audience whom no message goes to: against them stands what all messages
    together did, this one included (`control_difference`, `control_lift`). `difference` is in points (0.01 is
    one point), `lift` relative (0.5 is half as much again), `per_head_difference` in the campaign's currency.
    None: nobody to compare with, or too few to say.
    """

    message: Message
    measure: Measure
    sent: ArmFinding
    holdout: ArmFinding | None
    control: ArmFinding | None
    difference: Estimate | None
    lift: Estimate | None
    per_head_difference: Estimate | None
    control_difference: Estimate | None
    control_lift: Estimate | None

    @property
    def people_more(self) -> Estimate | None:
        """About how many of those written to did it because of the message; below 0: were kept from it."""
        return self.difference.times(self.sent.people) if self.difference else None

    @property
    def value_more(self) -> Estimate | None:
        """About how much it was worth, over all who were written to."""
        return self.per_head_difference.times(self.sent.people) if self.per_head_difference else None


@dataclass(frozen=True)
class MeasureFindings:
    """One measure over all messages; `low` and `high` span the axis on which the differences are drawn."""

    measure: Measure
    comparisons: list[Comparison]

    @property
    def has_holdout(self) -> bool:
        return any(comparison.difference for comparison in self.comparisons)

    @property
    def has_control(self) -> bool:
        return any(comparison.control for comparison in self.comparisons)

    @property
    def low(self) -> float:
        return min([0.0, *(one.difference.low for one in self.comparisons if one.difference)])

    @property
    def high(self) -> float:
        return max([0.0, *(one.difference.high for one in self.comparisons if one.difference)])


@dataclass(frozen=True)
class CampaignResults:
    """The page of one campaign: `total` is the sum of the messages, line by line."""

    campaign: Campaign
    measures: list[Measure]
    messages: list[tuple[Message, Figures]]
    findings: list[MeasureFindings]
    total: Figures
    result: CampaignResult | None

    @property
    def counted_at(self) -> datetime | None:
        """The moment up to which the figures go; None: not counted yet."""
        return self.result.refreshed_at if self.result else None

    @property
    def is_outdated(self) -> bool:
        """Test if the campaign has begun to count something else than what is shown."""
        return self.result is not None and self.result.definition != definition(self.campaign)


def campaign_results(campaign: Campaign) -> CampaignResults:
    """Return what a campaign found, in a fixed number of queries however many people it reached."""
    measures = campaign_measures(campaign)
    launched = Message.objects.filter(campaign=campaign, launched_at__isnull=False)
    messages = list(
        launched.select_related("channel").prefetch_related("arm_results").order_by("launched_at", "id")
    )
    figures = figures_by("pk", launched)
    return CampaignResults(
        campaign=campaign,
        measures=measures,
        messages=[(message, figures.get(message.pk, Figures())) for message in messages],
        findings=[_findings(measure, messages) for measure in measures],
        total=sum(figures.values(), Figures()),
        result=CampaignResult.objects.counted().filter(campaign=campaign).first(),
    )


def _findings(measure: Measure, messages: Iterable[Message]) -> MeasureFindings:
    compared = (_comparison(message, measure) for message in messages)
    return MeasureFindings(measure, [comparison for comparison in compared if comparison])


def _arm(message: Message, measure: str, arm: str) -> ArmResult | None:
    return next((row for row in message.arm_results.all() if (row.measure, row.arm) == (measure, arm)), None)


def _comparison(message: Message, measure: Measure) -> Comparison | None:
    sent, holdout, control = (_arm(message, measure.key, arm) for arm in ("sent", "holdout", "control"))
    if sent is None:
        return None
    per_head = None
    if holdout is not None and measure.value_property:
        per_head = mean_difference(_sums(sent), _sums(holdout))
    return Comparison(
        message=message,
        measure=measure,
        sent=_finding(sent, measure),
        holdout=_finding(holdout, measure) if holdout else None,
        control=_finding(control, measure) if control else None,
        difference=rate_difference(*_counts(sent, holdout)) if holdout else None,
        lift=rate_lift(*_counts(sent, holdout)) if holdout else None,
        per_head_difference=per_head,
        control_difference=rate_difference(*_counts(sent, control)) if control else None,
        control_lift=rate_lift(*_counts(sent, control)) if control else None,
    )


def _counts(sent: ArmResult, others: ArmResult) -> tuple[int, int, int, int]:
    return sent.converted, sent.people, others.converted, others.people


def _finding(row: ArmResult, measure: Measure) -> ArmFinding:
    return ArmFinding(
        people=row.people,
        converted=row.converted,
        conversions=row.conversions,
        value=row.value,
        rate=rate_interval(row.converted, row.people),
        per_head=mean_interval(_sums(row)) if measure.value_property else None,
    )


def _sums(row: ArmResult) -> Sums:
    return Sums(n=row.people, total=float(row.value), squares=float(row.value_squares))


@dataclass(frozen=True)
class OverviewRow:
    """One campaign of the overview: the sum of its messages, and how far its goal has come."""

    campaign: Campaign
    figures: Figures
    result: CampaignResult | None  # None: not counted yet

    @property
    def goal_share(self) -> float | None:
        """Return the part of the target that is reached (1.0 is all of it); None without a target."""
        if self.result is None or not self.campaign.goal_target:
            return None
        return float(self.result.goal_done / self.campaign.goal_target)


def overview_rows(campaigns: Iterable[Campaign]) -> list[OverviewRow]:
    """Return the figures of these campaigns (one page of them), in three queries."""
    page = list(campaigns)
    sums = figures_by("campaign", Message.objects.filter(campaign__in=page))
    results = {row.campaign_id: row for row in CampaignResult.objects.counted().filter(campaign__in=page)}
    return [
        OverviewRow(campaign, sums.get(campaign.pk, Figures()), results.get(campaign.pk)) for campaign in page
    ]


def overview_campaigns(user: User, *, search: str) -> QuerySet[Campaign]:
    """Return the campaigns that this person may see, by part of their name; archived ones are left out."""
    campaigns = Campaign.objects.visible_to(user).filter(archived_at__isnull=True)
    return campaigns.filter(name__icontains=search) if search else campaigns


def overview_totals(user: User) -> dict[str, Figures]:
    """Return the sums over all campaigns a person may see, by currency: money is never added across."""
    seen = Message.objects.filter(campaign__in=overview_campaigns(user, search=""))
    return figures_by("campaign__currency", seen)


def figure_shown(results: CampaignResults, figure: str, *, message: Message | None) -> int:
    """Return what the results page shows for a figure, so that a list can say what it should sum to."""
    name = figure.replace("-", "_")
    if message is None:
        return int(getattr(results.total, name))
    return int(next((getattr(figures, name) for one, figures in results.messages if one == message), 0))


@dataclass(frozen=True)
class ConversionSums:
    """How many events, of how many people in a message, worth how much."""

    events: int
    people: int
    value: Decimal


def conversions_sum(rows: QuerySet[Conversion]) -> ConversionSums:
    """Count the rows behind a figure."""
    sums = rows.aggregate(
        events=Count("pk"), people=Count("recipient", distinct=True), value=Coalesce(Sum("value"), Decimal(0))
    )
    return ConversionSums(**sums)

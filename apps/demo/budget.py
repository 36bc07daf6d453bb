"""What the demo’s campaigns cost, and what they should bring by when. The amounts are made up."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns.budget import month_after, month_first
from apps.campaigns.expectations import Shape, suggest
from apps.campaigns.models import BudgetLine, Campaign, Channel, Expectation, Stakeholder
from apps.campaigns.progress import period_of
from apps.demo import building, experiment

Kind = Channel.Kind
A_DAY = timedelta(days=1)
# Month from the start, channel, what for, vendor, planned, committed, actual
Line = tuple[int, str, str, str, str, str, str]
SPENT: list[Line] = [
    (-1, "", "Photographs of both collections", "Studio Nord", "2400.00", "2400.00", "2380.00"),
    (-1, "", "Copywriting, two e-mails", "Tom Baptiste", "600.00", "600.00", "600.00"),
    (0, Kind.EMAIL, "Sending, 42,600 e-mails", "Mail provider", "340.00", "340.00", "351.20"),
    (0, Kind.EMAIL, "Template review", "Studio Nord", "250.00", "0.00", "0.00"),
    (1, "", "Analysis of the holdout", "Dana Petrov", "500.00", "500.00", "480.00"),
]
PLANNED: list[Line] = [
    (0, "", "Photographs of the spring range", "Studio Nord", "1800.00", "1950.00", "0.00"),
    (0, Kind.EMAIL, "Invitation, design and text", "", "700.00", "0.00", "0.00"),
    (1, Kind.EMAIL, "Sending, two waves", "Mail provider", "300.00", "300.00", "0.00"),
    (1, Kind.SOCIAL, "Sponsored posts for pairs", "", "1200.00", "0.00", "0.00"),
    (1, "", "Three evenings in the Northfield shop", "Northfield Catering", "2700.00", "2200.00", "0.00"),
    (2, Kind.SOCIAL, "Sponsored posts, second half", "", "800.00", "0.00", "0.00"),
]


def budgets_create(team: dict[str, User], *, now: datetime) -> None:
    """Give the demo's campaigns their money and their curve; a second time changes nothing."""
    plans = [
        (experiment.NAME, SPENT, Shape.EARLY, {"executive": True, "lead": True}),
        (building.NAME, PLANNED, Shape.LATE, {"executive": True, "sales": True, "lead": False}),
    ]
    for name, lines, shape, people in plans:
        campaign = Campaign.objects.filter(name=name, budget_lines__isnull=True).first()
        if campaign is not None:
            _lines_create(campaign, lines)
            _expectation_create(campaign, shape)
            _stakeholders_create(campaign, {team[who]: knows for who, knows in people.items()}, now=now)


def _lines_create(campaign: Campaign, lines: list[Line]) -> None:
    channels = {channel.kind: channel for channel in campaign.channels.all()}
    assert campaign.start_date is not None
    BudgetLine.objects.bulk_create(
        BudgetLine(
            campaign=campaign,
            channel=channels.get(kind),
            month=_month(campaign.start_date, step),
            label=label,
            vendor=vendor,
            planned=Decimal(planned),
            committed=Decimal(committed),
            actual=Decimal(actual),
        )
        for step, kind, label, vendor, planned, committed, actual in lines
    )


def _month(start: date, step: int) -> date:
    month = month_first(start)
    if step < 0:
        return month_first(month - A_DAY)
    for _number in range(step):
        month = month_after(month)
    return month


def _expectation_create(campaign: Campaign, shape: Shape) -> None:
    assert campaign.goal_target is not None
    curve = suggest(period_of(campaign), campaign.goal_target, shape)
    points = [[f"{month:%Y-%m}", f"{amount:f}"] for month, amount in sorted(curve.items())]
    Expectation.objects.create(campaign=campaign, points=points)


def _stakeholders_create(campaign: Campaign, people: dict[User, bool], *, now: datetime) -> None:
    Stakeholder.objects.bulk_create(
        Stakeholder(
            campaign=campaign,
            user=user,
            asked_at=now - 2 * A_DAY,
            acknowledged_at=now - A_DAY if knows else None,
        )
        for user, knows in people.items()
    )

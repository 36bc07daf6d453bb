"""A campaign in each stage that the demo's own ones do not stand at, with its team and what is left to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Kpi, Metric, Task, YearGoal
from apps.demo import experiment
from apps.segments.models import Segment

Stage = Campaign.Stage
Kind = Channel.Kind


@dataclass(frozen=True)
class Sketch:
    """A campaign in a few words; the days count from today."""

    name: str
    stage: Stage
    idea: str
    outcome: str
    target: int
    starts: int
    launches: int
    ends: int
    kind: Kind
    why: str
    goal: int | None  # place of the year's goal that it serves
    tasks: tuple[tuple[str, str, int], ...] = ()  # title, who, due in days; what is past is done


SKETCHES = [
    Sketch(
        "A repair day in every shop",
        Stage.IDEA,
        "",
        "300 people bring something to be mended, and come back within a month.",
        300,
        40,
        60,
        120,
        Kind.EVENTS,
        "Whoever has something mended has the shop in mind.",
        None,
        (("Ask the shops how much they can mend in a day", "captain", 9),),
    ),
    Sketch(
        "Boots before the rain",
        Stage.REVIEW,
        "The forecast writes the message: it comes when it is about to rain where you live.",
        "250 customers order boots in the weeks of rain.",
        250,
        -5,
        12,
        40,
        Kind.WEB,
        "The forecast can be shown the moment somebody looks.",
        0,
        (("Test the page with three forecasts", "contributor", 4), ("Agree the words", "lead", -2)),
    ),
    Sketch(
        "Gift guide of the staff",
        Stage.READY,
        "Those who sell it every day say what they would give.",
        "350 customers order a gift from the guide.",
        350,
        -3,
        6,
        30,
        Kind.SOCIAL,
        "The faces of the shops are known there.",
        1,
        (("Photographs of the staff", "contributor", -6), ("Put the films in order", "owner", 3)),
    ),
    Sketch(
        "Late summer on the trail",
        Stage.LIVE,
        "One walk a week, told by somebody who knows it.",
        "150 customers order for the season's last walks.",
        150,
        -12,
        -10,
        18,
        Kind.SOCIAL,
        "Walks are shared by those who took them.",
        0,
        (("Choose the walks", "captain", -14), ("Answer what people ask below the films", "owner", 2)),
    ),
    Sketch(
        "Try it on at home",
        Stage.CLOSED,
        "Two sizes come, one goes back.",
        "100 customers order after they had tried something on at home.",
        100,
        -40,
        -38,
        -17,
        Kind.WEB,
        "It is offered where the size is chosen.",
        1,
        (("Count what came back", "data", -16),),
    ),
]


def campaigns_create(team: dict[str, User], *, now: datetime) -> None:
    """Write them down as far as their teams have come."""
    there = set(Campaign.objects.values_list("name", flat=True))
    segment = Segment.objects.get(name="Everyone in the e-mail test")
    for sketch in SKETCHES:
        if sketch.name not in there:
            _campaign_create(sketch, team, segment, now=now)


def _goal_of(year: int, place: int | None) -> YearGoal | None:
    return None if place is None else YearGoal.objects.filter(year=year, position=place).first()


def _campaign_create(sketch: Sketch, team: dict[str, User], segment: Segment, *, now: datetime) -> None:
    today = now.date()
    launch = today + timedelta(days=sketch.launches)
    campaign = Campaign.objects.create(
        name=sketch.name,
        captain=team["captain"],
        stage=sketch.stage,
        idea=sketch.idea,
        outcome=sketch.outcome,
        goal_event=experiment.ORDERED,
        value_property="total",
        goal_target=Decimal(sketch.target),
        start_date=today + timedelta(days=sketch.starts),
        launch_date=launch,
        goal_date=today + timedelta(days=sketch.ends),
        segment=segment,
        year_goal=_goal_of(launch.year, sketch.goal),
    )
    channel = Channel.objects.create(campaign=campaign, kind=sketch.kind, owner=team["owner"], why=sketch.why)
    Kpi.objects.create(
        campaign=campaign,
        metric=Metric.objects.get(name="Visitors"),
        reason="Who does not come does not order.",
    )
    Task.objects.bulk_create(
        Task(
            campaign=campaign,
            channel=channel,
            title=title,
            assignee=team[who],
            due_date=today + timedelta(days=due),
            state=Task.State.DONE if due < 0 else Task.State.TODO,
            done_at=now + timedelta(days=due) if due < 0 else None,
        )
        for title, who, due in sketch.tasks
    )

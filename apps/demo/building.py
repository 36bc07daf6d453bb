"""A campaign in building: a team at work, tasks in each state, and readiness checks that are not met yet."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel, Contributor, Task
from apps.collaboration import services as collaboration
from apps.demo import experiment
from apps.segments.models import Segment

NAME = "Spring preview for two"
ONE_DAY = timedelta(days=1)


def campaign_create(*, team: dict[str, User], now: datetime) -> Campaign:
    """Write down the campaign as far as its team has come: one channel has no owner, so it cannot launch."""
    today = now.date()
    campaign = Campaign.objects.create(
        name=NAME,
        captain=team["captain"],
        stage=Campaign.Stage.BUILDING,
        idea="Spring begins three days early for those who bought this winter, and they may bring someone.",
        outcome="400 winter customers order from the spring range before it opens to everyone.",
        goal_event=experiment.ORDERED,
        goal_measure=Campaign.GoalMeasure.PEOPLE,
        value_property="total",
        goal_target=Decimal(400),
        start_date=today,
        launch_date=today + 30 * ONE_DAY,
        goal_date=today + 60 * ONE_DAY,
        segment=Segment.objects.get(name="Recent, and spends"),
        audience_note="Bought in the past three months and spent 200 dollars or more in the year.",
    )
    email = Channel.objects.create(
        campaign=campaign,
        kind=Channel.Kind.EMAIL,
        owner=team["owner"],
        why="The invitation must reach each person by name, and must not be public.",
        expected_result="Two in three of the orders.",
    )
    social = Channel.objects.create(
        campaign=campaign, kind=Channel.Kind.SOCIAL, why="People who come in pairs tell others."
    )
    Contributor.objects.create(campaign=campaign, user=team["contributor"], added_at=now)
    _tasks_create(campaign, email, social, team, now=now)
    collaboration.comment_add(
        subject=campaign,
        by=team["lead"],
        text="Who takes the social channel? We cannot launch without an owner.",
        now=now - 2 * timedelta(hours=1),
    )
    return campaign


def _tasks_create(
    campaign: Campaign, email: Channel, social: Channel, team: dict[str, User], *, now: datetime
) -> None:
    today = now.date()
    rows = [
        (email, "Write the invitation", "owner", 3, Task.State.DOING),
        (email, "Photographs of the spring range", "contributor", 1, Task.State.DOING),
        (email, "Agree the offer with the shops", "captain", -3, Task.State.DONE),
        (email, "Ask sales to read the invitation", "sales", 8, Task.State.TODO),
        (None, "Book three evenings in the Northfield shop", "captain", -1, Task.State.TODO),
        (social, "Find an owner for the social channel", "captain", 2, Task.State.TODO),
        (None, "Agree what counts as an early order", "data", 5, Task.State.TODO),
    ]
    for channel, title, who, in_days, state in rows:
        Task.objects.create(
            campaign=campaign,
            channel=channel,
            title=title,
            assignee=team[who],
            due_date=today + in_days * ONE_DAY,
            state=state,
            done_at=now - 2 * ONE_DAY if state == Task.State.DONE else None,
        )

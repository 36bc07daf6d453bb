"""How the demo's teams keep each other honest: questions that hold, and approvals of a campaign in review."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns import services as campaigns
from apps.campaigns.models import Approval, Campaign, Challenge, Channel, Kpi, Metric, Task
from apps.campaigns.standings import part_standing
from apps.demo import building, experiment
from apps.segments.models import Segment

HOUR = timedelta(hours=1)
IN_REVIEW = "A thank-you to those who came back"
Part = Approval.Part


def governance_create(team: dict[str, User], *, now: datetime) -> None:
    """Ask, answer and decide through the real acts; a second time changes nothing."""
    if Challenge.objects.exists():
        return
    _experiment_challenged(team, launch=experiment.launch_hour(now))
    _building_challenged(team, now=now)
    _reviewed(team, now=now)


def _experiment_challenged(team: dict[str, User], *, launch: datetime) -> None:
    """The question that made it an experiment: asked, answered and decided before the launch."""
    campaign = Campaign.objects.get(name=experiment.NAME)
    asked_at = launch - 101 * HOUR
    campaigns.challenger_add(
        campaign=campaign, user=team["sales"], by=team["captain"], now=asked_at - 24 * HOUR
    )
    challenge = campaigns.challenge_raise(
        campaign=campaign,
        thing=Task.objects.get(campaign=campaign, title="Write both e-mails"),
        question="How will we know that the e-mails did it, and not the season?",
        by=team["sales"],
        now=asked_at,
    )
    campaigns.challenge_answer(
        challenge=challenge,
        text="A third of the list gets no e-mail. Whatever they buy, they would have bought anyway.",
        by=team["contributor"],
        now=asked_at + 3 * HOUR,
    )
    campaigns.challenge_resolve(
        challenge=challenge,
        resolution=Challenge.Resolution.ACCEPTED,
        decision="The lot draws three equal parts: men's e-mail, women's e-mail, none.",
        by=team["sales"],
        now=asked_at + 29 * HOUR,
    )


def _building_challenged(team: dict[str, User], *, now: datetime) -> None:
    campaign = Campaign.objects.get(name=building.NAME)
    challenge = campaigns.challenge_raise(
        campaign=campaign,
        thing=Task.objects.get(campaign=campaign, title="Write the invitation"),
        question="“Bring someone” doubles the guests. Have the shops said that they have room for them?",
        by=team["lead"],
        now=now - 51 * HOUR,
    )
    campaigns.challenge_answer(
        challenge=challenge,
        text="Northfield has, for two of the three evenings. I ask for the third today.",
        by=team["owner"],
        now=now - 5 * HOUR,
    )


def _reviewed(team: dict[str, User], *, now: datetime) -> None:
    """A campaign in review: one part approved, one waits, one was sent back, one nobody has asked for."""
    campaign = _review_create(team, now=now)
    captain, lead = team["captain"], team["lead"]
    for part, hours in ((Part.GOAL, 20), (Part.AUDIENCE, 18), (Part.SCHEDULE, 3)):
        campaigns.approval_ask(campaign=campaign, part=part, by=captain, now=now - hours * HOUR)
    digest = part_standing(campaign, Part.GOAL).digest
    campaigns.approval_give(campaign=campaign, part=Part.GOAL, digest=digest, by=lead, now=now - 16 * HOUR)
    campaigns.approval_send_back(
        campaign=campaign,
        part=Part.AUDIENCE,
        reason="Leave out who bought last week: a thank-you that asks for more is none.",
        by=lead,
        now=now - 16 * HOUR,
    )


def _review_create(team: dict[str, User], *, now: datetime) -> Campaign:
    today, day = now.date(), timedelta(days=1)
    campaign = Campaign.objects.create(
        name=IN_REVIEW,
        captain=team["captain"],
        stage=Campaign.Stage.REVIEW,
        stage_at=now - 22 * HOUR,
        asks_approvals=True,
        review_hours=24,
        idea="Nobody expects a shop to write only to say thank you.",
        outcome="150 people who came back this winter visit again before spring.",
        goal_event=experiment.VISITED,
        goal_measure=Campaign.GoalMeasure.PEOPLE,
        goal_target=Decimal(150),
        start_date=today,
        launch_date=today + 5 * day,
        goal_date=today + 40 * day,
        segment=Segment.objects.get(name="Recent, and spends"),
        audience_note="Bought in the past three months and spent 200 dollars or more in the year.",
    )
    Kpi.objects.create(
        campaign=campaign,
        metric=Metric.objects.get(name="Buyers"),
        reason="A thank-you that costs orders was not read as one.",
    )
    Channel.objects.create(
        campaign=campaign,
        kind=Channel.Kind.EMAIL,
        owner=team["owner"],
        why="They answer to e-mail, and it can be kept.",
        expected_result="Two visits from each hundred.",
    )
    return campaign

"""Plans counted back from their outcomes: the campaign in building gets one, and one in planning has one."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.accounts.models import User
from apps.campaigns import services, shipped
from apps.campaigns.models import Campaign, Channel, Holiday, PlanTemplate, PlanTemplateItem, Task
from apps.demo import building, experiment
from apps.segments.models import Segment

NAME = "Harvest evening at the mill"
ONE_DAY = timedelta(days=1)
FREE = [(1, 1, "New Year's Day"), (5, 1, "May Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day")]


def plans_create(team: dict[str, User], *, now: datetime) -> None:
    """Plan two campaigns from templates; a second time changes nothing."""
    if Campaign.objects.filter(name=NAME).exists():
        return
    for year in (now.year, now.year + 1):
        for month, day, name in FREE:
            Holiday.objects.get_or_create(date=date(year, month, day), defaults={"name": name})
    if not PlanTemplate.objects.filter(key="event").exists():
        shipped.load(PlanTemplate, PlanTemplateItem)
    in_building = Campaign.objects.get(name=building.NAME)
    _planned(in_building, "seasonal-promotion", team, now=now)
    evening = _evening_create(team, now=now)
    _planned(evening, "event", team, now=now)
    invitation = evening.tasks.get(title="Invitations go out")
    services.task_pin(task=invitation, by=team["captain"], now=now)


def _planned(campaign: Campaign, key: str, team: dict[str, User], *, now: datetime) -> None:
    """Apply the template; what should be over by now is done, so the plan stands as one at work does."""
    template = PlanTemplate.objects.get(key=key)
    services.template_apply(campaign=campaign, template=template, by=team["captain"], now=now)
    planned = campaign.tasks.filter(template_item__isnull=False)
    planned.filter(due_date__lt=now.date()).update(state=Task.State.DONE, done_at=now)
    late = planned.filter(start_date__lt=now.date(), due_date__gte=now.date())
    late.update(state=Task.State.DOING)


def _evening_create(team: dict[str, User], *, now: datetime) -> Campaign:
    today = now.date()
    campaign = Campaign.objects.create(
        name=NAME,
        captain=team["captain"],
        stage=Campaign.Stage.PLANNING,
        idea="One evening among looms and lamps: those who wear it meet those who make it.",
        outcome="60 guests order within two weeks of the evening.",
        goal_event=experiment.ORDERED,
        goal_measure=Campaign.GoalMeasure.PEOPLE,
        value_property="total",
        goal_target=Decimal(60),
        start_date=today,
        launch_date=today + 45 * ONE_DAY,
        goal_date=today + 80 * ONE_DAY,
        segment=Segment.objects.get(name="Recent, and spends"),
    )
    kinds = Channel.Kind
    for kind, owner, why in (
        (kinds.EVENTS, "captain", "The evening itself."),
        (kinds.EMAIL, "owner", "The invitation is personal."),
        (kinds.WEB, "owner", "Where they answer."),
    ):
        Channel.objects.create(campaign=campaign, kind=kind, owner=team[owner], why=why)
    return campaign

"""The strategy of a year: its goals with the campaigns that serve them, and what is left alone."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Coalesce, ExtractYear, RowNumber

from apps.accounts.models import User
from apps.campaigns import strategy
from apps.campaigns.models import Campaign, CampaignQuerySet, Channel, NotDoing, YearGoal

PER_GOAL = 8  # campaigns shown below a goal; its own page has all


@dataclass(frozen=True)
class GoalLine:
    """A goal with the first of its campaigns; `more` are on its page."""

    goal: YearGoal
    campaigns: list[Campaign]
    count: int
    reached: int  # of them, whose outcome has come to its target

    @property
    def more(self) -> int:
        return self.count - len(self.campaigns)


def goal_lines(user: User, year: int) -> list[GoalLine]:
    """Return the goals of a year by priority, with the campaigns that this person may see. Three queries."""
    goals = list(YearGoal.objects.filter(year=year).select_related("owner").order_by("position", "pk"))
    found = Campaign.objects.visible_to(user).current().filter(year_goal__in=goals)
    has_come = Q(goal_target__gt=0, goal_reached__gte=F("goal_target"))
    counted = (
        found.order_by().values_list("year_goal").annotate(Count("pk"), come=Count("pk", filter=has_come))
    )
    counts = {goal: (count, reached) for goal, count, reached in counted}
    place = Window(RowNumber(), partition_by="year_goal", order_by=[F("updated_at").desc(), F("id").desc()])
    shown = found.select_related("captain").annotate(place=place).filter(place__lte=PER_GOAL)
    by_goal: dict[int | None, list[Campaign]] = {}
    for campaign in shown.order_by("place"):
        by_goal.setdefault(campaign.year_goal_id, []).append(campaign)
    return [GoalLine(goal, by_goal.get(goal.pk, []), *counts.get(goal.pk, (0, 0))) for goal in goals]


def goal_campaigns(user: User, goal: YearGoal) -> CampaignQuerySet:
    """Return the campaigns that serve a goal, of those that this person may see."""
    return Campaign.objects.visible_to(user).current().filter(year_goal=goal).select_related("captain")


def unaligned(user: User, year: int, *, today: date) -> CampaignQuerySet:
    """Return the campaigns of a year that name no goal; one without any date is this year's."""
    of_year = Coalesce(ExtractYear(Coalesce("launch_date", "goal_date")), today.year)
    found = Campaign.objects.visible_to(user).current().filter(year_goal=None)
    return found.annotate(of_year=of_year).filter(of_year=year).select_related("captain")


def strategy_years(*, today: date) -> list[int]:
    """Return the years that have a strategy, and this and the next one, latest first."""
    goals = YearGoal.objects.order_by().values_list("year")
    listed = NotDoing.objects.order_by().values_list("year")
    return sorted({year for (year,) in goals.union(listed)} | {today.year, today.year + 1}, reverse=True)


def not_doing(year: int) -> QuerySet[NotDoing]:
    return NotDoing.objects.filter(year=year).order_by("pk")


def channels_avoided(campaign: Campaign, *, today: date) -> dict[str, NotDoing]:
    """Return what the not-doing list of the campaign's year says, by kind of channel."""
    found = not_doing(strategy.year_of(campaign, today=today)).exclude(kind="")
    return {entry.kind: entry for entry in found}


def in_spite_of(user: User, entries: list[NotDoing], year: int) -> dict[str, list[Channel]]:
    """Return the channels that campaigns of a year use all the same, by kind; the latest hundred."""
    kinds = {entry.kind for entry in entries if entry.kind}
    if not kinds:
        return {}
    campaigns = Campaign.objects.visible_to(user).current()
    of_year = Q(campaign__launch_date__year=year) | Q(
        campaign__launch_date=None, campaign__goal_date__year=year
    )
    found = Channel.objects.filter(of_year, kind__in=kinds, campaign__in=campaigns)
    by_kind: dict[str, list[Channel]] = {}
    for channel in found.select_related("campaign").order_by("-pk")[:100]:
        by_kind.setdefault(channel.kind, []).append(channel)
    return by_kind

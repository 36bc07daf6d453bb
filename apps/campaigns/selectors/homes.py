"""
What waits for one person: tasks, campaigns, challenges and expectations, each in one statement.

Each gathers several short lists: the statement ranks every list by its own index and loads the rows of all of
them, which are then dealt out by the same words. So a home asks no more of somebody with much to do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from apps.accounts.models import User
from apps.campaigns import challenges
from apps.campaigns.budget import month_first
from apps.campaigns.models import Campaign, Challenge, ChallengeAnswer, Shortfall, Stakeholder, Task
from apps.campaigns.selectors.blocked import with_stuck

Stage = Campaign.Stage
SHOWN = 5  # of what waits for somebody
WATCHED = 6  # of what somebody keeps an eye on
A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class TasksWaiting:
    """`own`: to be done by this person; `on_channels`: this week, by others; `overdue`: in led campaigns."""

    own: list[Task]
    on_channels: list[Task]
    overdue: list[Task]


@dataclass(frozen=True)
class CampaignsWatched:
    """`led`: by this person and not over, failing checks first; `due`: those whose outcome is due next."""

    led: list[Campaign]
    due: list[Campaign]


@dataclass(frozen=True)
class StageCounts:
    """How many campaigns stand at each stage: of those that somebody may see, and of those they lead."""

    seen: list[tuple[Stage, int]]
    led: list[tuple[Stage, int]]


@dataclass(frozen=True)
class Expected:
    """A campaign that is behind its curve, or whose curve is to be acknowledged; `at`: since when."""

    pk: int
    name: str
    at: datetime


def tasks_waiting(user: User, *, today: date) -> TasksWaiting:
    """Return what is due next, each marked with whether it can go on."""
    open_now = Task.objects.open().filter(campaign__archived_at__isnull=True).order_by("due_date", "pk")
    soon = open_now.filter(channel__owner=user, due_date__lte=today + A_WEEK)
    late = open_now.filter(campaign__captain=user, due_date__lt=today)
    ranked = [open_now.of(user)[:SHOWN], soon.exclude(assignee=user)[:WATCHED], late[:WATCHED]]
    found = with_stuck(Task.objects.filter(pk__in=_keys(ranked)))
    tasks = list(found.select_related("campaign", "channel", "assignee").order_by("due_date", "pk"))
    for task in tasks:
        task.is_blocked, task.is_held = task.is_waiting, task.is_asked  # type: ignore[attr-defined]  # annotated
    dated = [task for task in tasks if task.due_date is not None]
    return TasksWaiting(
        own=[task for task in tasks if task.assignee_id == user.pk][:SHOWN],
        on_channels=[
            task
            for task in dated
            if task.channel
            and task.channel.owner_id == user.pk
            and task.assignee_id != user.pk
            and task.due_date <= today + A_WEEK  # type: ignore[operator]  # dated
        ][:WATCHED],
        overdue=[task for task in dated if task.campaign.captain_id == user.pk and task.is_overdue(today)][
            :WATCHED
        ],
    )


def campaigns_watched(user: User) -> CampaignsWatched:
    led = Campaign.objects.current().filter(captain=user).exclude(stage=Stage.CLOSED)
    by_trouble = led.order_by(F("blockers").desc(nulls_last=True), "-updated_at", "-pk")
    due = Campaign.objects.visible_to(user).under_way()
    by_outcome = due.order_by(F("goal_date").asc(nulls_last=True), "pk")
    ranked = _keys([by_trouble[:WATCHED], by_outcome[:WATCHED]])
    found = list(Campaign.objects.filter(pk__in=ranked).select_related("captain"))
    mine = [one for one in found if one.captain_id == user.pk]
    mine.sort(
        key=lambda one: (-1 if one.blockers is None else one.blockers, one.updated_at, one.pk), reverse=True
    )
    moving = [one for one in found if one.stage != Stage.IDEA]
    moving.sort(key=lambda one: (one.goal_date or date.max, one.pk))
    return CampaignsWatched(led=mine[:WATCHED], due=moving[:WATCHED])


def stage_counts(user: User) -> ArraySubquery:
    """Return, as an expression, the stages with how many campaigns stand there, and how many led ones do."""
    found = Campaign.objects.visible_to(user).current().order_by().values("stage")
    counted = found.annotate(seen=Count("pk"), led=Count("pk", filter=Q(captain=user)))
    return ArraySubquery(counted.values(row=JSONObject(stage="stage", seen="seen", led="led")))


def stage_counts_of(rows: Iterable[Mapping[str, Any]]) -> StageCounts:
    """Return what `stage_counts` has found, by every stage."""
    counts = {row["stage"]: row for row in rows}
    none = {"seen": 0, "led": 0}
    return StageCounts(
        seen=[(stage, counts.get(stage, none)["seen"]) for stage in Stage],
        led=[(stage, counts.get(stage, none)["led"]) for stage in Stage],
    )


def challenges_waiting(user: User) -> tuple[list[Challenge], list[Challenge]]:
    """
    Return the open challenges that wait for this person's answer, unanswered ones first, and those whose
    answer they wait for, answered ones first.
    """
    owned = [
        Q(content_type=ContentType.objects.get_for_model(kind.model))
        & Q(object_id__in=kind.owned_by(user).order_by().values("pk"))
        for kind in challenges.challengeables
    ]
    answered = Exists(ChallengeAnswer.objects.filter(challenge=OuterRef("pk")))
    opened = Challenge.objects.open().filter(campaign__archived_at__isnull=True)
    current: QuerySet[Any] = opened.annotate(is_answered=answered)
    theirs = current.filter(reduce(or_, owned, Q(campaign__captain=user))).exclude(pursued_by=user)
    ranked = [
        theirs.order_by("is_answered", "asked_at", "pk")[:SHOWN],
        current.filter(pursued_by=user).order_by("-is_answered", "asked_at", "pk")[:SHOWN],
    ]
    found = Challenge.objects.filter(pk__in=_keys(ranked)).with_people().annotate(is_answered=answered)
    rows: list[Any] = list(found.order_by("asked_at", "pk"))
    to_answer = [one for one in rows if one.pursued_by_id != user.pk]
    waiting = [one for one in rows if one.pursued_by_id == user.pk]
    return (
        sorted(to_answer, key=lambda one: one.is_answered)[:SHOWN],
        sorted(waiting, key=lambda one: not one.is_answered)[:SHOWN],
    )


def expectations_awaited(user: User) -> ArraySubquery:
    """Return, as an expression, what waits to be acknowledged by this person, as `expected_of` reads it."""
    found = Stakeholder.objects.filter(
        user=user, acknowledged_at__isnull=True, campaign__archived_at__isnull=True
    )
    return _of_campaign(found.order_by("asked_at", "pk")[:SHOWN], at="asked_at")


def expectations_short(user: User, now: datetime) -> ArraySubquery:
    """Return, as an expression, the led campaigns that are behind this month."""
    found = Shortfall.objects.filter(
        month=month_first(now.date()), campaign__captain=user, campaign__archived_at__isnull=True
    ).exclude(campaign__stage=Stage.CLOSED)
    return _of_campaign(found.order_by("-at", "-pk")[:SHOWN], at="at")


def expected_of(rows: Iterable[Mapping[str, Any]]) -> list[Expected]:
    """Return what `expectations_awaited` or `expectations_short` has found."""
    return [Expected(row["pk"], row["name"], datetime.fromisoformat(row["at"])) for row in rows]


def _of_campaign(found: "QuerySet[Any]", *, at: str) -> ArraySubquery:
    return ArraySubquery(found.values(row=JSONObject(pk="campaign", name="campaign__name", at=at)))


def _keys(ranked: Iterable["QuerySet[Any]"]) -> "QuerySet[Any, Any]":
    """Return the keys of the first rows of each list, as a condition of one statement takes them."""
    first, *others = (found.values("pk") for found in ranked)
    return first.union(*others)

"""What waits on the home of each role. Every panel has a fixed number of queries, however much there is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from apps.accounts.models import User
from apps.campaigns import selectors
from apps.campaigns.models import Campaign, Kpi, KpiSet, Task
from apps.contacts.models import EventType, ImportFile
from apps.contacts.selectors import quality_now
from apps.core import home

Role = User.Role
State = KpiSet.State
SHOWN = 6
A_WEEK = timedelta(days=7)
QUIET_AFTER = timedelta(days=7)


def captain_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What the own campaigns are, what blocks them, and what in them is overdue. Three queries."""
    found = list(selectors.captained(user))
    if not found:
        return None
    today = timezone.localdate(now)
    overdue = Task.objects.open().filter(
        campaign__captain=user, campaign__archived_at__isnull=True, due_date__lt=today
    )
    return {
        "campaigns": found,
        "now": now,
        "today": today,
        "stages": [(stage, count) for stage, count in selectors.captained_by_stage(user) if count],
        "overdue": list(overdue.select_related("campaign", "assignee").order_by("due_date", "pk")[:SHOWN]),
    }


def channels_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What is due this week on the channels that somebody owns, whoever does it. One query."""
    today = timezone.localdate(now)
    due = Task.objects.open().filter(
        channel__owner=user, campaign__archived_at__isnull=True, due_date__lte=today + A_WEEK
    )
    others = due.exclude(assignee=user)  # the own ones stand in “Yours to do”
    tasks = list(others.select_related("campaign", "channel", "assignee").order_by("due_date", "pk")[:SHOWN])
    return {"tasks": tasks, "today": today} if tasks else None


def sales_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """Whose KPIs wait for a review, and what has changed since they were signed. Three queries."""
    awaited = selectors.kpi_sets_awaited(user, [State.REVIEW])
    return {"awaited": awaited, "now": now}


def executive_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """What awaits a signature, and what has changed since one was given. Three queries."""
    return {"awaited": selectors.kpi_sets_awaited(user, [State.SIGNATURE, State.CHANGED]), "now": now}


def value_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """Which KPIs of value stand where against their target. One query."""
    wanted = Kpi.objects.of_value().filter(target__isnull=False, campaign__archived_at__isnull=True)
    live = wanted.filter(campaign__stage__in=[Campaign.Stage.LIVE, Campaign.Stage.REPORTING])
    kpis = live.select_related("metric", "campaign").order_by("campaign__goal_date", "position", "pk")
    return {"kpis": list(kpis[:SHOWN]), "now": now}


@dataclass(frozen=True)
class Quiet:
    """A goal event that campaigns wait for, and when it came last; None: never."""

    event: str
    campaign: Campaign
    last_seen_at: datetime | None


def data_panel(user: User, now: datetime) -> dict[str, Any] | None:
    """How clean contacts are, what became of imports, and which goals have gone quiet. Three queries."""
    imports = ImportFile.objects.filter(is_dry_run=False, started_at__isnull=False)
    return {
        "quality": quality_now(now=now),
        "imports": list(imports.order_by("-started_at", "-pk")[:3]),
        "quiet": goals_quiet(user, now),
        "now": now,
    }


def goals_quiet(user: User, now: datetime) -> list[Quiet]:
    """Return the goal events of campaigns under way that nobody has received for a week."""
    seen = EventType.objects.filter(name=OuterRef("goal_event")).values("last_seen_at")
    found = Campaign.objects.visible_to(user).under_way().exclude(goal_event="")
    waiting = found.exclude(stage=Campaign.Stage.REPORTING).annotate(last_seen_at=Subquery(seen[:1]))
    quiet = waiting.filter(Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now - QUIET_AFTER))
    told = quiet.order_by("last_seen_at", "pk")[:SHOWN]
    return [
        Quiet(one.goal_event, one, one.last_seen_at)  # type: ignore[attr-defined]  # annotated above
        for one in told
    ]


def register() -> None:
    """Called from `AppConfig.ready`."""
    sales, executive, data = (frozenset({role}) for role in (Role.SALES, Role.EXECUTIVE, Role.DATA_LEAD))
    told = [
        ("campaigns", "captain", captain_panel, "campaigns.view_campaign", frozenset(), 10),
        ("channels", "channels", channels_panel, "campaigns.view_task", frozenset(), 25),
        ("kpis-sales", "sales", sales_panel, "campaigns.review_signoff", sales, 2),
        ("kpis-executive", "executive", executive_panel, "campaigns.sign_signoff", executive, 2),
        ("value", "value", value_panel, "campaigns.sign_signoff", executive, 3),
        ("data", "data", data_panel, "contacts.view_quality", data, 2),
    ]
    for name, template, content, permission, roles, order in told:
        panel = home.Panel(f"campaigns/_home_{template}.html", content, permission, roles=roles, order=order)
        home.panels.register(name, panel)

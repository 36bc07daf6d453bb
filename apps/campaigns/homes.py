"""
What waits on the home of each role.

Every panel has a fixed number of queries, however much there is, and what several panels are cut out of is
read once for all of them: a whole home asks no more than twelve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from apps.accounts.models import User
from apps.campaigns import selectors
from apps.campaigns.models import Campaign, Kpi, KpiSet
from apps.contacts.models import EventType, ImportFile
from apps.contacts.selectors import quality_now
from apps.core import home
from apps.core.home import Look

Role = User.Role
State = KpiSet.State
SHOWN = 6
QUIET_AFTER = timedelta(days=7)
# Whose work is all campaigns and not only their own.
WATCHERS = frozenset({Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.EXECUTIVE, Role.SALES})
Shown = dict[str, Any] | None


def _today(look: Look) -> date:
    return timezone.localdate(look.now)


def _tasks(look: Look) -> selectors.TasksWaiting:
    return selectors.tasks_waiting(look.user, today=_today(look))


def _campaigns(look: Look) -> selectors.CampaignsWatched:
    return selectors.campaigns_watched(look.user)


def _stages(look: Look) -> selectors.StageCounts:
    return selectors.stage_counts_of(look.fact("stages"))


def _stage_facts(user: User, _now: datetime) -> Mapping[str, Any]:
    return {"stages": selectors.stage_counts(user)}


def _approval_facts(user: User, _now: datetime) -> Mapping[str, Any]:
    return {"approvals": selectors.approvals_to_decide(user)}


def _expectation_facts(user: User, now: datetime) -> Mapping[str, Any]:
    return {
        "awaited": selectors.expectations_awaited(user),
        "short": selectors.expectations_short(user, now),
    }


def captain_panel(look: Look) -> Shown:
    """What the own campaigns are, what blocks them, and what in them is overdue."""
    led = look.once(_campaigns).led
    if not led:
        return None
    return {
        "campaigns": led,
        "now": look.now,
        "today": _today(look),
        "stages": [(stage, count) for stage, count in look.once(_stages).led if count],
        "overdue": look.once(_tasks).overdue,
    }


def stages_panel(look: Look) -> Shown:
    """Where all campaigns stand and which outcomes are due next, for those who watch them all."""
    stages = look.once(_stages).seen
    if not any(count for _stage, count in stages):
        return None
    return {"stages": stages, "campaigns": look.once(_campaigns).due, "today": _today(look)}


def tasks_panel(look: Look) -> Shown:
    """What this person has to do next."""
    tasks = look.once(_tasks).own
    return {"tasks": tasks, "today": _today(look)} if tasks else None


def channels_panel(look: Look) -> Shown:
    """What is due this week on the channels that somebody owns, whoever does it: the own is told above."""
    tasks = look.once(_tasks).on_channels
    return {"tasks": tasks, "today": _today(look)} if tasks else None


def challenges_panel(look: Look) -> Shown:
    """What this person must answer, and the answers they wait for. One query."""
    to_answer, waiting = selectors.challenges_waiting(look.user)
    return {"to_answer": to_answer, "waiting": waiting, "now": look.now} if to_answer or waiting else None


def approvals_panel(look: Look) -> Shown:
    """What waits for this person's approval."""
    found = selectors.to_decide(look.fact("approvals"))
    return {"approvals": found, "now": look.now} if found else None


def expectations_panel(look: Look) -> Shown:
    """What waits to be acknowledged by this person, and which of their campaigns are behind."""
    awaited, short = (selectors.expected_of(look.fact(name)) for name in ("awaited", "short"))
    return {"awaited": awaited, "short": short, "now": look.now} if awaited or short else None


def sales_panel(look: Look) -> Shown:
    """Whose KPIs wait for a review, and what has changed since they were signed. Two queries."""
    return {"awaited": selectors.kpi_sets_awaited(look.user, [State.REVIEW]), "now": look.now}


def executive_panel(look: Look) -> Shown:
    """What awaits a signature, and what has changed since one was given. Two queries."""
    awaited = selectors.kpi_sets_awaited(look.user, [State.SIGNATURE, State.CHANGED])
    return {"awaited": awaited, "now": look.now}


def value_panel(look: Look) -> Shown:
    """Which KPIs of value stand where against their target. One query."""
    wanted = Kpi.objects.of_value().filter(target__isnull=False, campaign__archived_at__isnull=True)
    live = wanted.filter(campaign__stage__in=[Campaign.Stage.LIVE, Campaign.Stage.REPORTING])
    kpis = live.select_related("metric", "campaign").order_by("campaign__goal_date", "position", "pk")
    return {"kpis": list(kpis[:SHOWN]), "now": look.now}


@dataclass(frozen=True)
class Quiet:
    """A goal event that campaigns wait for, and when it came last; None: never."""

    event: str
    campaign: Campaign
    last_seen_at: datetime | None


def data_panel(look: Look) -> Shown:
    """How clean contacts are, what became of imports, and which goals have gone quiet. Three queries."""
    imports = ImportFile.objects.filter(is_dry_run=False, started_at__isnull=False)
    return {
        "quality": quality_now(now=look.now),
        "imports": list(imports.order_by("-started_at", "-pk")[:3]),
        "quiet": goals_quiet(look.user, look.now),
        "now": look.now,
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
    everyone: frozenset[str] = frozenset()
    told = [
        ("kpis-sales", "sales", sales_panel, "campaigns.review_signoff", sales, 2),
        ("kpis-executive", "executive", executive_panel, "campaigns.sign_signoff", executive, 2),
        ("data", "data", data_panel, "contacts.view_quality", data, 2),
        ("value", "value", value_panel, "campaigns.sign_signoff", executive, 3),
        ("stages", "stages", stages_panel, "campaigns.view_campaign", WATCHERS, 5),
        ("challenges", "challenges", challenges_panel, "campaigns.view_challenge", everyone, 8),
        ("approvals", "approvals", approvals_panel, "campaigns.view_approval", everyone, 9),
        ("campaigns", "captain", captain_panel, "campaigns.view_campaign", everyone, 10),
        ("expectations", "expectations", expectations_panel, "campaigns.view_campaign", everyone, 15),
        ("tasks", "tasks", tasks_panel, "campaigns.view_task", everyone, 20),
        ("channels", "channels", channels_panel, "campaigns.view_task", everyone, 25),
    ]
    facts = {
        "stages": _stage_facts,
        "campaigns": _stage_facts,
        "approvals": _approval_facts,
        "expectations": _expectation_facts,
    }
    for name, template, content, permission, roles, order in told:
        panel = home.Panel(
            f"campaigns/_home_{template}.html",
            content,
            permission,
            roles=roles,
            order=order,
            is_wide=name == "stages",
            facts=facts.get(name),
        )
        home.panels.register(name, panel)

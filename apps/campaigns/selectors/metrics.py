"""The pages of the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.campaigns.kpiset import says_changes
from apps.campaigns.metrics import counted_text
from apps.campaigns.models import Campaign, Kpi, Metric, MetricVersion
from apps.contacts.models import EventType

VERSIONS = 20
USES = 20


@dataclass(frozen=True)
class VersionShown:
    """One version of a definition, with what it changed: field, before, after; nothing for the first."""

    version: MetricVersion
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True)
class MetricShown:
    """`last_seen_at` is when its event came last: None: never, or it is built in."""

    metric: Metric
    counted: str
    versions: list[VersionShown]
    kpis: list[Kpi]
    hidden_uses: int  # in campaigns that this person does not see
    last_seen_at: datetime | None


def metrics(
    *, search: str = "", kind: str = "", counted: str = "", is_put_away: bool = False
) -> QuerySet[Metric]:
    """Return the catalogue, narrowed, with its owners and in how many campaigns each is a KPI."""
    found = Metric.objects.filter(archived_at__isnull=not is_put_away)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(definition__icontains=search))
    if kind:
        found = found.filter(kind=kind)
    if counted:
        found = found.exclude(built_in="") if counted == "built_in" else found.filter(built_in="")
    return found.select_related("owner").annotate(uses=Count("kpis"))


def metric_shown(metric: Metric, user: User) -> MetricShown:
    """Gather the page of one metric."""
    versions = list(metric.versions.select_related("by").order_by("-number")[: VERSIONS + 1])
    known = Campaign.objects.visible_to(user).filter(pk=OuterRef("campaign"))
    uses = metric.kpis.select_related("campaign__captain").annotate(is_visible=Exists(known))
    kpis = list(uses.order_by("-campaign__updated_at", "-pk")[:USES])
    seen = EventType.objects.filter(name=metric.event).values_list("last_seen_at", flat=True)
    return MetricShown(
        metric=metric,
        counted=counted_text(metric.says),
        versions=_with_changes(versions)[:VERSIONS],
        kpis=[kpi for kpi in kpis if kpi.is_visible],  # type: ignore[attr-defined]  # annotated above
        hidden_uses=sum(not kpi.is_visible for kpi in kpis),  # type: ignore[attr-defined]
        last_seen_at=seen.first() if metric.event else None,
    )


def _with_changes(versions: Sequence[MetricVersion]) -> list[VersionShown]:
    """Pair each version with the one before it, which follows it in the list."""
    before = [*versions[1:], None]
    return [
        VersionShown(version, list(says_changes(old.says, version.says)) if old else [])
        for version, old in zip(versions, before, strict=True)
    ]

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges
from apps.campaigns.errors import KpiRefused
from apps.campaigns.models import Campaign, Kpi, Metric
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit
from apps.campaigns.services.signoff import kpi_set_edited
from apps.collaboration import services as collaboration


@transaction.atomic
def kpi_add(
    *,
    campaign: Campaign,
    metric: Metric,
    by: User,
    now: datetime,
    reason: str = "",
    target: Decimal | int | None = None,
) -> Kpi:
    """
    Choose a metric of the catalogue that carries the campaign's story, after the others.

    :raises KpiRefused: the campaign has it already, or it has been put away
    """
    campaign = campaign_lock(campaign)
    _metric_check(campaign, metric)
    last = campaign.kpis.order_by("-position").first()
    kpi = Kpi.objects.create(
        campaign=campaign,
        metric=metric,
        reason=reason,
        target=target,
        position=last.position + 1 if last else 0,
    )
    collaboration.audit_record(action="kpi.added", subject=kpi, by=by, now=now, within=campaign)
    kpi_set_edited(campaign=campaign, by=by, now=now)
    return kpi


@transaction.atomic
def kpi_update(*, kpi: Kpi, by: User, now: datetime, seen: int | None = None, **fields: Any) -> Kpi:
    """
    Change what is wanted of a KPI or why, or choose another metric in its place.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises KpiRefused: as `kpi_add`
    """
    kpi = _kpi_lock(kpi)
    changes = changes_of(kpi, fields)
    if not changes:
        return kpi
    if "metric" in changes:
        _metric_check(kpi.campaign, changes["metric"])
    kpi = row_edit(kpi, changes, action="kpi.changed", by=by, now=now, seen=seen)
    if "metric" in changes:  # what was counted was something else
        Kpi.objects.filter(pk=kpi.pk).update(reached=None, reached_at=None)
    kpi_set_edited(campaign=kpi.campaign, by=by, now=now)
    return kpi


@transaction.atomic
def kpi_move(*, kpi: Kpi, position: int, by: User, now: datetime) -> None:
    """Put a KPI at a place, 0 being the first; the others close ranks. Where it is already does nothing."""
    kpi = _kpi_lock(kpi)
    kpis = list(kpi.campaign.kpis.with_metric().order_by("position", "id"))
    here, there = kpis.index(kpi), min(position, len(kpis) - 1)
    if here == there:
        return
    kpis.insert(there, kpis.pop(here))
    for place, each in enumerate(kpis):
        each.position = place
    Kpi.objects.bulk_update(kpis, ["position"])
    details: dict[str, object] = {"order": [each.label for each in kpis]}
    collaboration.audit_record(action="kpi.reordered", subject=kpi.campaign, by=by, now=now, details=details)


@transaction.atomic
def kpi_remove(*, kpi: Kpi, by: User, now: datetime) -> None:
    """
    Take a KPI away; the campaign's history keeps that it was there.

    :raises HeldByChallenge: it is challenged
    """
    campaign = campaign_lock(kpi.campaign)
    challenges.hold_check(kpi)
    count, _rows = Kpi.objects.filter(pk=kpi.pk).delete()
    if count:
        details: dict[str, object] = {"kpi": kpi.label}
        collaboration.audit_record(action="kpi.removed", subject=campaign, by=by, now=now, details=details)
        kpi_set_edited(campaign=campaign, by=by, now=now)


def _kpi_lock(kpi: Kpi) -> Kpi:
    campaign_lock(kpi.campaign)
    found = Kpi.objects.select_related("campaign", "metric")
    return found.select_for_update(no_key=True, of=("self",)).get(pk=kpi.pk)


def _metric_check(campaign: Campaign, metric: Metric) -> None:
    # The campaign is locked, so nobody adds one between this look and the write.
    if campaign.kpis.filter(metric=metric).exists():
        raise KpiRefused(_("This campaign has that KPI already."), field="metric")
    if metric.archived_at is not None:
        raise KpiRefused(_("This metric has been put away: choose another one."), field="metric")

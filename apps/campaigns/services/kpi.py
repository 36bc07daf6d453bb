from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges
from apps.campaigns.errors import KpiRefused
from apps.campaigns.models import Campaign, Kpi
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit, where_check
from apps.collaboration import services as collaboration


@transaction.atomic
def kpi_add(*, campaign: Campaign, label: str, event: str, by: User, now: datetime, **fields: Any) -> Kpi:
    """
    Add a figure that carries the campaign's story, after the others.

    :raises KpiRefused: the campaign has a KPI of that name already
    """
    campaign = campaign_lock(campaign)
    _fields_check(campaign, {"label": label, **fields}, now=now)
    last = campaign.kpis.order_by("-position").first()
    kpi = Kpi.objects.create(
        campaign=campaign, label=label, event=event, position=last.position + 1 if last else 0, **fields
    )
    collaboration.audit_record(action="kpi.added", subject=kpi, by=by, now=now, within=campaign)
    return kpi


@transaction.atomic
def kpi_update(*, kpi: Kpi, by: User, now: datetime, seen: int | None = None, **fields: Any) -> Kpi:
    """
    Change a KPI.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises KpiRefused: as `kpi_add`
    """
    kpi = _kpi_lock(kpi)
    changes = changes_of(kpi, fields)
    if not changes:
        return kpi
    _fields_check(kpi.campaign, changes, now=now)
    return row_edit(kpi, changes, action="kpi.changed", by=by, now=now, seen=seen)


@transaction.atomic
def kpi_move(*, kpi: Kpi, position: int, by: User, now: datetime) -> None:
    """Put a KPI at a place, 0 being the first; the others close ranks. Where it is already does nothing."""
    kpi = _kpi_lock(kpi)
    kpis = list(kpi.campaign.kpis.order_by("position", "id"))
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


def _kpi_lock(kpi: Kpi) -> Kpi:
    campaign_lock(kpi.campaign)
    return Kpi.objects.select_related("campaign").select_for_update(no_key=True, of=("self",)).get(pk=kpi.pk)


def _fields_check(campaign: Campaign, changes: Mapping[str, Any], *, now: datetime) -> None:
    # The campaign is locked, so nobody adds one between this look and the write.
    if "label" in changes and campaign.kpis.filter(label=changes["label"]).exists():
        raise KpiRefused(_("This campaign has a KPI of that name already."), field="label")
    if changes.get("where"):
        where_check(changes["where"], field="where", now=now)

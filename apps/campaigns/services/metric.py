"""Acts on the catalogue of metrics. What one says is versioned; whoever signed it is told of a change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import metrics
from apps.campaigns.errors import MetricRefused
from apps.campaigns.models import Campaign, Metric, MetricVersion
from apps.campaigns.models.metric import DEFINING
from apps.campaigns.services.edit import changes_of, lines_check, row_edit, where_check
from apps.campaigns.services.signoff import kpi_sets_settle
from apps.collaboration import services as collaboration


@transaction.atomic
def metric_create(*, name: str, definition: str, by: User, now: datetime, **fields: Any) -> Metric:
    """
    Put a metric into the catalogue, with the first version of what it says.

    :raises MetricRefused: the name is taken, or it is not said how it is counted
    """
    metric = Metric(name=name.strip(), definition=definition, **fields)
    lines_check(Metric, {"name": name, **fields})
    _check(metric, now=now)
    metric.save(force_insert=True)
    _version_keep(metric, by=by, now=now)
    collaboration.audit_record(action="metric.created", subject=metric, by=by, now=now)
    return metric


@transaction.atomic
def metric_update(
    *, metric: Metric, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> Metric:
    """
    Change a metric. A change of what it says makes a new version, and every set with it needs approval again.

    Sets of campaigns that are closed or put away were signed as they were, and stay so.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises MetricRefused: as `metric_create`
    """
    metric = Metric.objects.select_for_update(no_key=True).get(pk=metric.pk)
    changes = changes_of(metric, fields)
    if not changes:
        return metric
    _check(_as_it_would_be(metric, changes), now=now)
    metric = row_edit(metric, changes, action="metric.changed", by=by, now=now, seen=seen)
    if changes.keys() & set(DEFINING):
        metric.definition_number += 1
        metric.save(update_fields=["definition_number"])
        _version_keep(metric, by=by, now=now)
        metric.kpis.update(reached=None, reached_at=None)  # what was counted was something else
        still_open = Campaign.objects.current().exclude(stage=Campaign.Stage.CLOSED)
        concerned = still_open.filter(kpis__metric=metric)
        kpi_sets_settle(campaigns=concerned, by=by, now=now)
    return metric


@transaction.atomic
def metric_archive(*, metric: Metric, by: User, now: datetime) -> Metric:
    """Put a metric away: nobody can choose it any more; whoever has chosen it keeps it."""
    metric = Metric.objects.select_for_update(no_key=True).get(pk=metric.pk)
    if metric.archived_at is None:
        metric = row_edit(metric, {"archived_at": now}, action="metric.archived", by=by, now=now)
    return metric


@transaction.atomic
def metric_restore(*, metric: Metric, by: User, now: datetime) -> Metric:
    metric = Metric.objects.select_for_update(no_key=True).get(pk=metric.pk)
    if metric.archived_at is not None:
        metric = row_edit(metric, {"archived_at": None}, action="metric.restored", by=by, now=now)
    return metric


def _as_it_would_be(metric: Metric, changes: Mapping[str, Any]) -> Metric:
    """Return a copy with the changes, to be looked at."""
    copy = Metric.objects.get(pk=metric.pk)
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def _check(metric: Metric, *, now: datetime) -> None:
    # A name taken in the same instant is met by the constraint.
    taken = Metric.objects.filter(name__iexact=metric.name.strip()).exclude(pk=metric.pk)
    if taken.exists():
        raise MetricRefused(_("There is a metric of that name already."), field="name")
    if metric.built_in and metric.event:
        raise MetricRefused(
            _("A metric is counted from an event, or it is built in: not both."), field="event"
        )
    if not metric.built_in and not metric.event:
        raise MetricRefused(_("Name the event that is counted, or choose what is built in."), field="event")
    if metric.built_in and metrics.built_in(metric.built_in) is None:
        raise MetricRefused(_("Nothing of that name is built in."), field="built_in")
    if metric.event and metric.measure == Campaign.GoalMeasure.VALUE and not metric.value_property:
        raise MetricRefused(_("A value needs the property that carries it."), field="value_property")
    if metric.where:
        where_check(metric.where, field="where", now=now)


def _version_keep(metric: Metric, *, by: User, now: datetime) -> None:
    MetricVersion.objects.create(
        metric=metric, number=metric.definition_number, says=metric.says, by=by, at=now
    )

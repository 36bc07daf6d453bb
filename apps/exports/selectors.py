"""What screens and endpoints read about exports."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from apps.exports.columns import Column, columns_known
from apps.exports.models import Export, ExportQuerySet, Schedule, ScheduleQuerySet


@dataclass(frozen=True)
class ExportProgress:
    """How far a running export is; figures that nobody can tell yet are None."""

    rows: int
    total: int | None
    rate: float | None  # rows per minute
    elapsed: timedelta | None
    left: timedelta | None


def exports() -> ExportQuerySet:
    return Export.objects.select_related("by", "schedule")


def schedules() -> ScheduleQuerySet:
    """Return schedules with `last_state`, how their latest export stands; None before the first."""
    latest = Export.objects.filter(schedule=OuterRef("pk")).order_by("-pk")
    return Schedule.objects.select_related("by").annotate(last_state=Subquery(latest.values("state")[:1]))


def export_progress(export: Export, *, now: datetime) -> ExportProgress:
    if export.started_at is None:
        return ExportProgress(export.rows_done, export.rows_total, None, None, None)
    elapsed = (export.finished_at or now) - export.started_at
    seconds = elapsed.total_seconds()
    rate = 60 * export.rows_done / seconds if seconds > 0 and export.rows_done else None
    is_measured = export.is_open and rate and export.rows_total
    left = elapsed * ((export.rows_total or 0) / export.rows_done - 1) if is_measured else None
    return ExportProgress(export.rows_done, export.rows_total, rate, elapsed, left)


def columns_of(export: Export | Schedule) -> list[Column]:
    """Return the columns as people call them; one that is gone by its name alone."""
    known = {column.name: column for column in columns_known(export.kind)}
    return [known.get(name, Column(name, name)) for name in export.columns]

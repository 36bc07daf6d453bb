"""Exports that are made by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.core.texts import NOT_ONE_LINE, is_one_line
from apps.exports.asks import terms_check
from apps.exports.destinations import path_check, place_of
from apps.exports.models import Export, Kind, Schedule
from apps.exports.periods import due_after
from apps.exports.services.exports import RUN_TASK, columns_check

SETTABLE = (
    "name", "kind", "format", "terms", "columns", "period", "hour", "weekday", "month_day", "timezone",
    "destination", "path", "is_active",
)  # fmt: skip
AT_ONCE = 100


class ScheduleInvalid(DomainError):
    """The schedule cannot be like this."""


class ScheduleNameTaken(ScheduleInvalid):
    field = "name"


class ScheduleNameUnreadable(ScheduleInvalid):
    field = "name"


def schedule_create(
    *, by: User, now: datetime, columns: Sequence[str] | None = None, **given: Any
) -> Schedule:
    """
    Make an export again and again. `given` are the fields of a schedule; without columns as `export_start`.

    :raises ScheduleInvalid: a name that is taken, a time zone or hour that there is not
    :raises DestinationInvalid: a place that this server does not have, or a path that might lead elsewhere
    :raises TermsInvalid, ColumnsInvalid, SensitiveColumn: as `export_start`
    """
    schedule = Schedule(by=by)
    _settle(schedule, {**given, "columns": columns}, by=by, now=now)
    return _save(schedule, "schedule.created", by=by, now=now)


@transaction.atomic
def schedule_change(
    *, schedule: Schedule, by: User, now: datetime, seen_at: datetime | None = None, **given: Any
) -> Schedule:
    """
    Change some of its fields; it is next due at its next hour from now. `seen_at` is how old was what the
    author read.

    :raises SavedSince: somebody has saved it since it was seen
    :raises DomainError, SensitiveColumn: as for a new one
    """
    schedule = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
    seen_check(schedule, seen_at)
    before = {name: getattr(schedule, name) for name in SETTABLE}
    _settle(schedule, given, by=by, now=now)
    changed = [name for name, value in before.items() if value != getattr(schedule, name)]
    return _save(schedule, "schedule.changed", by=by, now=now, fields=changed)


@transaction.atomic
def schedule_delete(*, schedule: Schedule, by: User, now: datetime) -> None:
    """Make it no more. What it has made stays, as long as files are kept."""
    collaboration.audit_record(action="schedule.deleted", subject=schedule, by=by, now=now)
    schedule.delete()


def _settle(schedule: Schedule, given: dict[str, Any], *, by: User, now: datetime) -> None:
    if unknown := given.keys() - set(SETTABLE):
        raise ScheduleInvalid(_("A schedule has no “%(name)s”.") % {"name": min(unknown)[:100]})
    if (named := given.get("name")) and named != schedule.name and not is_one_line(named):
        raise ScheduleNameUnreadable(str(NOT_ONE_LINE))
    for name, value in given.items():
        if name != "columns":
            setattr(schedule, name, value)
    if schedule.timezone not in available_timezones():
        raise ScheduleInvalid(_("There is no such time zone."))
    if schedule.kind not in set(Kind):
        raise ScheduleInvalid(_("A schedule exports contacts, companies or events."))
    schedule.path = path_check(schedule.path)
    place_of(schedule.destination)
    schedule.terms = terms_check(schedule.kind, schedule.terms, now=now)
    names = given.get("columns", schedule.columns or None)
    chosen = columns_check(schedule.kind, names, by=by)
    schedule.columns = [column.name for column in chosen]
    schedule.is_sensitive = any(column.is_sensitive for column in chosen)
    schedule.next_at = due_after(schedule, now)


def _save(
    schedule: Schedule, action: str, *, by: User, now: datetime, fields: Sequence[str] = ()
) -> Schedule:
    try:
        with transaction.atomic():
            schedule.save()
            collaboration.audit_record(
                action=action,
                subject=schedule,
                by=by,
                now=now,
                details={
                    "columns": schedule.columns,
                    "destination": schedule.destination,
                    **({"fields": [*fields]} if fields else {}),
                },
            )
    except IntegrityError as error:
        raise ScheduleNameTaken(_("There is a schedule of this name already.")) from error
    return schedule


@transaction.atomic
def schedule_run(*, schedule: Schedule, by: User, now: datetime) -> Export:
    """
    Make it once at this moment, beside its hours.

    :raises DestinationInvalid: a place that this server no longer has
    """
    place_of(schedule.destination)
    export = _export(schedule, due_at=now, by=by)
    collaboration.audit_record(action="schedule.run", subject=schedule, by=by, now=now)
    ring(RUN_TASK)
    return export


@transaction.atomic
def schedules_run(*, now: datetime) -> int:
    """Put in line what is due, once however often the hour has come meanwhile; return how many that was."""
    due = Schedule.objects.due(at=now).order_by("next_at", "pk")
    schedules = list(due.select_for_update(skip_locked=True, no_key=True)[:AT_ONCE])
    for schedule in schedules:
        _export(schedule, due_at=schedule.next_at, by=None)
        schedule.next_at = due_after(schedule, now)
    Schedule.objects.bulk_update(schedules, ["next_at"])
    if schedules:
        ring(RUN_TASK)
    return len(schedules)


def _export(schedule: Schedule, *, due_at: datetime, by: User | None) -> Export:
    return Export.objects.create(
        by=by,
        schedule=schedule,
        due_at=due_at,
        name=schedule.name,
        kind=schedule.kind,
        format=schedule.format,
        terms=schedule.terms,
        columns=schedule.columns,
        is_sensitive=schedule.is_sensitive,
    )

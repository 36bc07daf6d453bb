"""
The work of an export: claim, write a file of one's own, give its name to the row with the last state.

A worker that is killed leaves its export leased; once the lease is over the next one begins anew, under
another name. What lies about is cleared away by `exports_sweep`.
"""

import hashlib
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.exports import files
from apps.exports.asks import terms_check
from apps.exports.columns import Column, columns_known, columns_read
from apps.exports.destinations import DeliveryFailed, place_of
from apps.exports.manifest import Made, manifest_write, names_of
from apps.exports.models import Export, ExportQuerySet, Schedule
from apps.exports.reading import Arrived, batches, rows_count
from apps.exports.services.exports import RUN_TASK
from apps.exports.writers import writer_of

logger = logging.getLogger(__name__)

State = Export.State
LEASE_TIME = timedelta(minutes=5)  # the longest that PostgreSQL may look for the first row
BEAT_SECONDS = 2.0  # how often the lease is renewed, and progress shown
MOST_ATTEMPTS = 5
PAUSES = [timedelta(minutes=minutes) for minutes in (5, 30, 120, 360)]
AT_ONCE = 500
# What has arrived is looked at this much later: until then whoever was writing it down has come to the end.
SETTLING = timedelta(minutes=5)
_LOCK = 0x4578706F  # "Expo"


class _LeaseLost(Exception):
    """Cancelled, or another worker has taken over."""


@dataclass
class _Work:
    """One worker's hold on one export; the token is part of every statement about it."""

    export: Export
    token: UUID
    now: datetime
    rows: int = 0
    beaten: float = field(default_factory=time.monotonic)

    @property
    def file_name(self) -> str:
        return f"{self.export.pk}-{self.token.hex}.{self.export.format}"

    @property
    def path(self) -> Path:
        return files.path_of(self.file_name)

    def held(self) -> ExportQuerySet:
        return Export.objects.running().filter(pk=self.export.pk, lease_token=self.token)

    def beat(self) -> None:
        """
        Renew the lease now and then, and show how far it is.

        :raises _LeaseLost: somebody has cancelled, or another worker has taken over
        """
        if time.monotonic() - self.beaten < BEAT_SECONDS:
            return
        self.beaten = time.monotonic()
        if not self.held().update(leased_until=Now() + LEASE_TIME, rows_done=self.rows, updated_at=Now()):
            raise _LeaseLost


def exports_run(*, now: datetime) -> None:
    """Work one export to its end and ring for the next. May run at any time, many times at once."""
    work = _claim(Export.objects.all(), now=now)
    if work is not None:
        _work(work)
        ring(RUN_TASK)


@transaction.atomic(durable=True)
def _claim(exports: ExportQuerySet, *, now: datetime) -> _Work | None:
    # One at a time, whoever claims: each may keep its process for an hour, and imports share the queue.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if Export.objects.running().filter(leased_until__gt=now).exists():
        return None
    free = exports.claimable(at=now).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    export = free.first()
    if export is None:
        return None
    export.attempts += 1
    export.state, export.error, export.rows_done = State.RUNNING, "", 0
    export.started_at = export.started_at or now
    export.lease_token, export.leased_until, export.retry_at = uuid4(), now + LEASE_TIME, None
    export.save()
    return _Work(export, export.lease_token, now)


def _work(work: _Work) -> None:
    try:
        made = _make(work)
        _finish(work, made, delivered_to=_deliver(work, made))
    except (InterfaceError, OperationalError):
        # The database is away: once the lease is over, somebody begins anew. Nobody knows if the last state
        # came through, so the file is left to the sweep.
        raise
    except _LeaseLost:
        logger.info("export %s was cancelled or taken over", work.export.pk)
        work.path.unlink(missing_ok=True)
    except Exception as error:
        work.path.unlink(missing_ok=True)
        _stop(work, error)


class _Stopped(DomainError):
    pass


def _stop(work: _Work, error: Exception) -> None:
    """Say why it did not come to its end; what may pass is tried again."""
    match error:
        case DomainError():
            _fail(work, str(error))
        case DeliveryFailed():
            _again(work, str(error))
        case SoftTimeLimitExceeded():
            _again(work, _("It took longer than an hour."))
        case OSError():
            logger.exception("export %s could not be written", work.export.pk)
            _again(work, _("The server has no room for the file, or may not write it."))
        case _:
            logger.exception("export %s stopped", work.export.pk)
            _fail(work, _("It stopped on a fault of ours. The server’s log says more."))


def _make(work: _Work) -> Made:
    export = work.export
    if export.attempts > MOST_ATTEMPTS:  # each of them ended a worker
        raise _Stopped(_("It did not come to its end in five attempts. The server’s log says more."))
    columns = _columns(export)
    terms_check(export.kind, export.terms, now=work.now)  # an erasure may have made them fit nobody
    total = rows_count(export.kind, export.terms, now=work.now)
    if not work.held().update(rows_total=total):
        raise _LeaseLost
    with writer_of(export.format, work.path, columns) as writer:
        for batch in batches(export.kind, export.terms, columns, now=work.now, arrived=_arrived(export)):
            writer.write(batch)
            work.rows += len(batch)
            work.beat()
    with work.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Made(work.path, columns, work.rows, work.path.stat().st_size, digest)


def _arrived(export: Export) -> Arrived | None:
    """
    Return the period that a file of what is new stands for; None of any other.

    It begins where that of the last file that was made ends, so that what a failed one lacks is in the next.
    """
    if "new" not in export.terms or export.due_at is None or export.schedule_id is None:
        return None
    made = Export.objects.filter(schedule=export.schedule, state=State.DONE, due_at__lt=export.due_at)
    # On the same terms: of what was not asked for before, everything is new.
    last = made.filter(terms=export.terms).aggregate(last=Max("due_at"))["last"]
    return Arrived(last - SETTLING if last else None, export.due_at - SETTLING)


def _columns(export: Export) -> list[Column]:
    """
    Return the columns as the dictionary has them by now.

    :raises DomainError: one is gone, or has become sensitive since somebody chose it
    """
    columns = columns_read(export.columns, columns_known(export.kind))
    if not export.is_sensitive and (secret := [one for one in columns if one.is_sensitive]):
        raise _Stopped(
            _("“%(column)s” has become sensitive since. Choose the columns anew.")
            % {"column": secret[0].label}
        )
    return columns


def _deliver(work: _Work, made: Made) -> str:
    """
    Put the file of a schedule where it belongs, and the manifest after it; return where that is.

    '' of an export that belongs nowhere: without a schedule, or whose schedule was deleted meanwhile.
    """
    export, schedule = work.export, _schedule_of(work.export)
    if schedule is None:
        return ""
    place = place_of(schedule.destination)
    name, manifest_name = names_of(export, schedule)
    place.put(made.path, name, beat=work.beat)
    manifest = manifest_write(export, made, name=name, now=work.now)
    try:
        place.put(manifest, manifest_name, beat=work.beat)
    finally:
        manifest.unlink(missing_ok=True)
    return place.shown(name)


def _schedule_of(export: Export) -> Schedule | None:
    """Return the schedule as it is by now; the export was loaded when its worker began."""
    return Schedule.objects.select_related("by").filter(exports=export).first()


@transaction.atomic
def _finish(work: _Work, made: Made, *, delivered_to: str) -> None:
    ended = work.held().update(
        state=State.DONE,
        rows_done=made.rows,
        rows_total=made.rows,
        file_name=work.file_name,
        file_size=made.size,
        sha256=made.sha256,
        delivered_to=delivered_to,
        finished_at=Now(),
        expires_at=Now() + timedelta(days=settings.EXPORT_KEEP_DAYS),
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    )
    if not ended:
        raise _LeaseLost
    export = work.export
    details: dict[str, object] = {"rows": made.rows, "bytes": made.size}
    collaboration.audit_record(
        action="export.done", subject=export, by=export.by, now=work.now, details=details
    )
    if not delivered_to:
        _tell(work, _("“%(name)s” is exported: the file can be downloaded."))


@transaction.atomic
def _fail(work: _Work, error: str) -> None:
    ended = work.held().update(
        state=State.FAILED,
        error=error[:500],
        finished_at=Now(),
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    )
    if ended:
        collaboration.audit_record(
            action="export.failed", subject=work.export, by=work.export.by, now=work.now
        )
        _tell(work, _("The export “%(name)s” failed."))


@transaction.atomic
def _again(work: _Work, error: str) -> None:
    """Put it back in line for later, or give it up; people hear of the first failure and of the end."""
    attempts = work.export.attempts
    if attempts >= MOST_ATTEMPTS:
        _fail(work, error)
        return
    back = work.held().update(
        state=State.PENDING,
        error=error[:500],
        retry_at=Now() + PAUSES[attempts - 1],
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    )
    if back and attempts == 1:
        _tell(work, _("The export “%(name)s” did not succeed; it is tried again."))


def _tell(work: _Work, sentence: str) -> None:
    export, schedule = work.export, _schedule_of(work.export)
    people: list[User | None] = [export.by, schedule.by if schedule else None]
    collaboration.notify(
        users=[person for person in people if person],
        text=sentence % {"name": export.name},
        url=reverse("exports:detail", args=[export.pk]),
        now=work.now,
        kind="export",
    )


def exports_sweep(*, now: datetime) -> int:
    """Delete files that were kept long enough, and what killed workers left; return how many were spent."""
    spent = list(Export.objects.spent(at=now).order_by("expires_at")[:AT_ONCE])
    for export in spent:
        files.remove(export.file_name)
    Export.objects.filter(pk__in=[export.pk for export in spent]).update(file_name="", updated_at=now)
    running = Export.objects.running().values_list("pk", "lease_token", "format")
    kept = {f"{pk}-{token.hex}.{format_}" for pk, token, format_ in running if token}
    kept |= set(Export.objects.exclude(file_name="").values_list("file_name", flat=True))
    files.clear(kept=kept)
    return len(spent)

"""
Undoing an import: what it created goes, what it changed goes back, where nothing has happened since.

A worker goes on from the last record that was committed, as an import does; what is left to do are the keys
behind it. What is not put back keeps its key, with the reason.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import selectors, staging, undoing
from apps.contacts.models import ImportFile, ImportFileQuerySet
from apps.contacts.services.imports import ImportRefused
from apps.contacts.undoing import Taken
from apps.core.queues import ring

logger = logging.getLogger(__name__)

State = ImportFile.State
UNDO_TASK = "apps.contacts.tasks.imports_undo"
LEASE_TIME = timedelta(minutes=2)  # renewed with every chunk
CHUNK = 2_000  # records; they are locked meanwhile
SECONDS_PER_RING = 45


class _LeaseLost(Exception):
    """Another worker has taken over."""


@transaction.atomic
def import_undo(*, import_file: ImportFile, by: User | None, now: datetime) -> ImportFile:
    """
    Have a worker undo an import. Asked for again while that goes on, or after, it changes nothing.

    What it created and anything has happened to since stays, and so does what was edited since. A refusal is
    never taken back.

    :raises ImportRefused: a dry run, not ended, nothing taken, more than seven days ago, or its record lost
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    if import_file.state in (State.UNDOING, State.UNDONE):
        return import_file
    if why := selectors.import_undo_refusal(import_file, now=now):
        raise ImportRefused(why)
    import_file.undo = selectors.import_undo_begin(import_file)
    import_file.state, import_file.undone_by = State.UNDOING, by
    import_file.lease_token = import_file.leased_until = None
    import_file.save()
    collaboration.audit_record(action="import.undo", subject=import_file, by=by, now=now)
    ring(UNDO_TASK)
    return import_file


def imports_undo(*, now: datetime) -> None:
    """Undo a part of one import, and ring for the rest. May run at any time, many times at once."""
    work = _claim(now=now)
    if work is None:
        return
    try:
        if _chunks_take_back(work):
            _finish(work)
        else:
            _let_go(work)
    except SoftTimeLimitExceeded:
        _let_go(work)  # the chunk in hand is as it was; whoever hears the next ring takes it back
    except _LeaseLost:
        logger.info("the undoing of import %s was taken over", work.import_file.pk)
    ring(UNDO_TASK)


@dataclass
class _Work:
    """One worker's hold on one import; the token is part of every statement about it."""

    import_file: ImportFile
    token: UUID
    now: datetime

    def held(self) -> ImportFileQuerySet:
        rows = ImportFile.objects.filter(pk=self.import_file.pk, state=State.UNDOING)
        return rows.filter(lease_token=self.token)


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> _Work | None:
    free = ImportFile.objects.undoing(at=now).order_by("pk")
    import_file = free.select_for_update(skip_locked=True, no_key=True).first()
    if import_file is None:
        return None
    import_file.lease_token, import_file.leased_until = uuid4(), now + LEASE_TIME
    import_file.save(update_fields=["lease_token", "leased_until", "updated_at"])
    return _Work(import_file, import_file.lease_token, now)


def _chunks_take_back(work: _Work) -> bool:
    """Take back chunk after chunk for a while; True once nothing is left."""
    until = time.monotonic() + SECONDS_PER_RING
    while time.monotonic() < until:
        if not _chunk_take_back(work):
            return True
    return False


@transaction.atomic
def _chunk_take_back(work: _Work) -> bool:
    import_file = work.import_file
    staging.lock()  # the chunks of imports lock contacts in an order of their own; before the row, as they do
    if not work.held().update(leased_until=Now() + LEASE_TIME):
        raise _LeaseLost
    taken = undoing.take_back(
        import_file,
        after=import_file.undo["after"],
        limit=CHUNK,
        by=import_file.undone_by,
        now=work.now,
    )
    if taken.last is None:
        return False
    undo = _summed(import_file.undo, taken) | {"after": taken.last}
    work.held().update(undo=undo, updated_at=Now())
    import_file.undo = undo
    return True


def _summed(undo: dict[str, object], taken: Taken) -> dict[str, object]:
    removed, restored, people = undo["removed"], undo["restored"], undo.get("people", 0)
    kept = dict(undo["kept"])  # type: ignore[call-overload]  # JSON of our own
    for verdict in taken.verdicts:
        if verdict.reason:
            kept[verdict.reason] = kept.get(verdict.reason, 0) + verdict.count
        elif verdict.is_new:
            removed += verdict.count  # type: ignore[operator]
        else:
            restored += verdict.count  # type: ignore[operator]
    people += taken.people  # type: ignore[operator]
    return {**undo, "removed": removed, "restored": restored, "people": people, "kept": kept}


def _let_go(work: _Work) -> None:
    work.held().update(leased_until=Now())


@transaction.atomic
def _finish(work: _Work) -> None:
    import_file = work.import_file
    ended = work.held().update(
        state=State.UNDONE, undone_at=Now(), lease_token=None, leased_until=None, updated_at=Now()
    )
    if not ended:
        return
    details = {name: told for name, told in import_file.undo.items() if name != "after"}
    collaboration.audit_record(
        action="import.undone", subject=import_file, by=import_file.undone_by, now=work.now, details=details
    )
    if import_file.undone_by:
        collaboration.notify(
            users=[import_file.undone_by],
            text=_("The import of %(file)s is undone.") % {"file": import_file.file_name},
            url=reverse("contacts:import-detail", args=[import_file.pk]),
            now=work.now,
            kind="import",
        )

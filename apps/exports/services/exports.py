"""An export as people and programs see it: start, cancel, hand over. The work itself is in `work`."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.exports.asks import Terms, terms_check, terms_named, terms_once_check
from apps.exports.columns import Column, columns_default, columns_known, columns_read
from apps.exports.models import Export, Format, Kind

State = Export.State
RUN_TASK = "apps.exports.tasks.exports_run"


class ExportRefused(DomainError):
    """This cannot be done to the export as it is now."""


class SensitiveColumn(PermissionDenied):
    """A column that the person may not take out."""


@transaction.atomic
def export_start(
    *,
    kind: str,
    file_format: str,
    by: User,
    now: datetime,
    terms: Terms | None = None,
    columns: Sequence[str] | None = None,
) -> Export:
    """
    Put an export in line. Without columns it holds all but the sensitive ones.

    :raises TermsInvalid: nobody can tell which rows these are
    :raises ColumnsInvalid: none, one twice, or one that there is not
    :raises SensitiveColumn: a column that this person may not take out
    """
    chosen = columns_check(kind, columns, by=by)
    terms = terms_check(kind, terms or {}, now=now)
    terms_once_check(terms)
    export = Export.objects.create(
        by=by,
        name=terms_named(kind, terms)[:200],
        kind=Kind(kind),
        format=Format(file_format),
        terms=terms,
        columns=[column.name for column in chosen],
        is_sensitive=any(column.is_sensitive for column in chosen),
    )
    collaboration.audit_record(
        action="export.started",
        subject=export,
        by=by,
        now=now,
        details={"kind": export.kind, "format": export.format, "columns": export.columns},
    )
    ring(RUN_TASK)
    return export


def columns_check(kind: str, names: Sequence[str] | None, *, by: User) -> list[Column]:
    """
    Return the columns that this person asks for; None is all that are not sensitive.

    :raises ColumnsInvalid: none, one twice, or one that there is not
    :raises SensitiveColumn: one that this person may not take out
    """
    known = columns_known(kind)
    chosen = columns_read(columns_default(known) if names is None else names, known)
    if any(column.is_sensitive for column in chosen) and not by.has_perm("exports.add_sensitive_export"):
        raise SensitiveColumn(_("Sensitive attributes are exported by those who answer for data."))
    return chosen


@transaction.atomic
def export_cancel(*, export: Export, by: User, now: datetime) -> Export:
    """
    Stop an export. What was written of it is deleted.

    :raises ExportRefused: it has ended
    """
    export = Export.objects.select_for_update(no_key=True).get(pk=export.pk)
    if not export.is_open:
        raise ExportRefused(_("This export has ended: “%(state)s”.") % {"state": export.get_state_display()})
    export.state, export.finished_at = State.CANCELLED, now
    export.lease_token = export.leased_until = export.retry_at = None
    export.save()
    collaboration.audit_record(action="export.cancelled", subject=export, by=by, now=now)
    return export


def export_hand_over(*, export: Export, by: User, now: datetime) -> str:
    """
    Write down that somebody takes the file, and return its name in the folder.

    :raises ExportRefused: there is no file, or no longer
    """
    export = Export.objects.get(pk=export.pk)
    if not export.file_name or (export.expires_at and export.expires_at <= now):
        raise ExportRefused(_("There is no file, or it has been deleted. Start the export anew."))
    collaboration.audit_record(action="export.downloaded", subject=export, by=by, now=now)
    return export.file_name

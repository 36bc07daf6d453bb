"""A budget that comes back as a spreadsheet: kept as it was read, then done as a whole or not at all."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import budgetfile, challenges
from apps.campaigns.budgetdiff import Change, Report
from apps.campaigns.budgetrows import Wanted
from apps.campaigns.errors import BudgetRefused
from apps.campaigns.models import BudgetLine, BudgetUpload, Campaign
from apps.campaigns.selectors.budget_upload import budget_upload_report
from apps.campaigns.services.budget import HELD
from apps.campaigns.services.edit import campaign_lock
from apps.collaboration import services as collaboration
from apps.contacts.csvfile import FileRefused

KEPT_TIME = timedelta(days=7)
FIELDS = ["channel_id", "month", "label", "vendor", "planned", "committed", "actual", "note"]


def budget_upload_keep(*, campaign: Campaign, file: Any, by: User, now: datetime) -> BudgetUpload:
    """
    Read a spreadsheet and keep what it says; nothing of the budget changes yet.

    It takes the place of the one that the same person did not confirm before.

    :raises BudgetRefused: the file cannot be read
    """
    try:
        sheet = budgetfile.sheet_read(file)
    except FileRefused as refusal:
        raise BudgetRefused(str(refusal), field="file") from refusal
    name = (file.name or "budget").rpartition("/")[2][-200:]
    return budget_rows_keep(
        campaign=campaign, rows=sheet.rows, unread=sheet.unread, name=name, by=by, now=now
    )


@transaction.atomic
def budget_rows_keep(
    *,
    campaign: Campaign,
    rows: Sequence[budgetfile.Row],
    by: User,
    now: datetime,
    name: str,
    unread: Sequence[str] = (),
) -> BudgetUpload:
    """Keep rows that came as a file, or over the API as one."""
    own = Q(campaign=campaign, by=by)
    BudgetUpload.objects.waiting().filter(own | Q(at__lt=now - KEPT_TIME)).delete()
    return BudgetUpload.objects.create(
        campaign=campaign, by=by, at=now, file_name=name, rows=[*rows], unread=[*unread]
    )


@transaction.atomic
def budget_upload_apply(
    *,
    upload: BudgetUpload,
    allowed: Collection[int | None],
    by: User,
    now: datetime,
    take: Collection[int] = (),
    digest: str = "",
) -> Report:
    """
    Make the budget what the file says, all of it or nothing. Return what was done.

    `take` are the lines, changed meanwhile by others, that become what the file says all the same. `digest`
    is of the report that was looked at. Once applied, it does nothing.

    :raises BudgetRefused: rows are refused, or something else would be done by now than was looked at
    :raises HeldByChallenge: a line is challenged that would be planned, promised or removed
    """
    campaign = campaign_lock(upload.campaign)
    upload = BudgetUpload.objects.select_for_update(no_key=True).get(pk=upload.pk)
    upload.campaign = campaign
    report = budget_upload_report(upload, allowed=allowed)
    if upload.applied_at is not None:
        return report
    if report.refused:
        raise BudgetRefused(_("Rows of the file are refused, so nothing has been changed. Mend them first."))
    if digest and digest != report.digest:
        told = _("The budget has been changed since you looked. Here is what the file would do now.")
        raise BudgetRefused(told)
    taken = [change for change in report.meanwhile if change.line.pk in take]
    challenges.refuse(challenges.open_about_some(BudgetLine, _held_by_challenges(report, taken)))
    _lines_write(campaign, report, taken, by=by, now=now)
    upload.applied_at = now
    upload.save(update_fields=["applied_at"])
    details: dict[str, object] = {
        "file": upload.file_name,
        "added": len(report.added),
        "changed": len(report.changed) + sum(change.wanted is not None for change in taken),
        "removed": len(report.removed) + sum(change.wanted is None for change in taken),
    }
    collaboration.audit_record(action="budget.uploaded", subject=campaign, by=by, now=now, details=details)
    return report


def _held_by_challenges(report: Report, taken: Sequence[Change]) -> list[int]:
    """Return the lines that a challenge would hold from what the file does."""
    return [
        change.line.pk
        for change in [*report.changed, *report.removed, *taken]
        if change.wanted is None or HELD & {field.name for field in change.fields}
    ]


def _lines_write(
    campaign: Campaign, report: Report, taken: Sequence[Change], *, by: User, now: datetime
) -> None:
    """Write added, changed and removed lines, each kind in one statement, and their history."""
    added = BudgetLine.objects.bulk_create(
        BudgetLine(campaign=campaign, **_fields(row)) for row in report.added
    )
    changes = [*report.changed, *taken]
    for change in changes:
        _becomes(change, now=now)
    BudgetLine.objects.bulk_update(
        [change.line for change in changes if change.wanted],
        [*(name.removesuffix("_id") for name in FIELDS), "removed_at", "version", "updated_at"],
    )
    gone = [*report.removed, *(change for change in taken if change.wanted is None)]
    for change in report.removed:
        _becomes(change, now=now)
    BudgetLine.objects.bulk_update([change.line for change in gone], ["removed_at", "version", "updated_at"])
    record = collaboration.audit_record_each
    record(action="budgetline.added", told=[(line, {"version": 1}) for line in added], by=by, now=now)
    record(
        action="budgetline.changed",
        told=[(change.line, _told(change)) for change in changes if change.wanted],
        by=by,
        now=now,
    )
    record(
        action="budgetline.removed",
        told=[(change.line, {"version": change.line.version}) for change in gone],
        by=by,
        now=now,
    )


def _fields(row: Wanted) -> dict[str, Any]:
    return {name: row.values[name] for name in FIELDS}


def _becomes(change: Change, *, now: datetime) -> None:
    """Make the line what the file says; one that the file does not have is removed."""
    line = change.line
    line.version, line.updated_at = line.version + 1, now
    line.removed_at = None if change.wanted else now
    for name, value in (_fields(change.wanted) if change.wanted else {}).items():
        setattr(line, name, value)


def _told(change: Change) -> dict[str, object]:
    changes = {one.name.removesuffix("_id"): [one.old, one.new] for one in change.fields}
    return {"changes": changes, "version": change.line.version}

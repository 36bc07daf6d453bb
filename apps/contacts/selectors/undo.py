"""What undoing an import would do, or has done."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.contacts import undoing
from apps.contacts.models import ImportFile, ImportKey
from apps.core.downloads import Echo

State = ImportFile.State
UNDO_TIME = timedelta(days=7)
COUNTED = 50_000  # contacts that are looked at while a person waits


@dataclass(frozen=True)
class UndoReason:
    label: str
    count: int


@dataclass(frozen=True)
class Undo:
    """
    What undoing an import would do, or has done so far.

    `kept` are the contacts that were not put back, or not wholly, by reason. `lost` are those of which there
    is no record any more. Where it is not `exact`, `removed` and `restored` are the most that it can be:
    what has happened since is found out on the way.
    """

    removed: int
    restored: int
    kept: list[UndoReason]
    lost: int
    exact: bool = True

    @property
    def kept_total(self) -> int:
        return sum(reason.count for reason in self.kept)


def import_undo_refusal(import_file: ImportFile, *, now: datetime) -> str:
    """Return why this import cannot be undone, as a sentence; '' if it can."""
    if import_file.about != ImportFile.About.CONTACTS:
        return _("Only an import of contacts can be undone.")
    if import_file.is_dry_run or import_file.queued_at is None:
        return _("Nothing was imported, so there is nothing to undo.")
    if import_file.state not in (State.DONE, State.FAILED, State.CANCELLED):
        return _("Only an import that has ended can be undone.")
    if not import_file.created and not import_file.updated:
        return _("This import has neither added nor changed anybody.")
    if import_file.finished_at is None or import_file.finished_at <= now - UNDO_TIME:
        return _("An import can be undone for seven days. They are over.")
    if not import_file.keys.exists():
        return _("What this import did is not on record: the database has stopped uncleanly since.")
    return ""


def import_undo_begin(import_file: ImportFile) -> dict[str, Any]:
    """Return what undoing starts from: contacts erased meanwhile, and those without a record, are told."""
    ours = Q(is_new=True) | Q(before__isnull=False)
    counts = import_file.keys.aggregate(
        ours=Count("key", filter=ours & Q(kept="")), erased=Count("key", ~Q(kept=""))
    )
    taken = import_file.created + import_file.updated
    return {
        "removed": 0,
        "restored": 0,
        "kept": {"erased": counts["erased"]} if counts["erased"] else {},
        "lost": max(0, taken - counts["ours"] - counts["erased"]),
        "after": -1,
    }


def import_undo_preview(import_file: ImportFile) -> Undo:
    """Return what undoing it would do at this moment."""
    begin = import_undo_begin(import_file)
    taken = import_file.created + import_file.updated - begin["lost"]
    if taken > COUNTED:
        return Undo(import_file.created, import_file.updated, [], begin["lost"], exact=False)
    counts = undoing.verdicts(import_id=import_file.pk, consent=import_file.consent)
    kept = dict(begin["kept"])
    for verdict in counts:
        if verdict.reason:
            kept[verdict.reason] = kept.get(verdict.reason, 0) + verdict.count
    return Undo(
        removed=sum(one.count for one in counts if one.is_new and not one.reason),
        restored=sum(one.count for one in counts if not one.is_new and not one.reason),
        kept=_reasons(kept),
        lost=begin["lost"],
    )


def import_undo_result(import_file: ImportFile) -> Undo | None:
    """Return what undoing it has done so far; None if nobody has begun."""
    told = import_file.undo
    if not told:
        return None
    return Undo(told["removed"], told["restored"], _reasons(told["kept"]), told["lost"])


def import_kept(import_file: ImportFile, *, limit: int) -> list[tuple[int, str]]:
    """Return the first contacts that were not put back, each with the reason."""
    rows = _kept(import_file).values_list("key", "kept")[:limit]
    return [(key, str(undoing.reason_label(reason))) for key, reason in rows]


def import_kept_lines(import_file: ImportFile) -> Iterator[str]:
    """Yield as CSV every contact that was not put back, by number, with the reason."""
    writer = csv.writer(Echo())
    yield writer.writerow(["contact", "reason"])
    for key, reason in _kept(import_file).values_list("key", "kept").iterator(chunk_size=2_000):
        yield writer.writerow([key, undoing.reason_label(reason)])


def undo_as_data(undo: Undo | None) -> Mapping[str, Any] | None:
    """Return what the API says of an undoing."""
    if undo is None:
        return None
    return {
        "removed": undo.removed,
        "restored": undo.restored,
        "kept": [{"reason": one.label, "count": one.count} for one in undo.kept],
        "lost": undo.lost,
        "exact": undo.exact,
    }


def _kept(import_file: ImportFile) -> Any:
    return ImportKey.objects.filter(import_file=import_file).exclude(kept="").order_by("key")


def _reasons(kept: Mapping[str, int]) -> list[UndoReason]:
    return [UndoReason(str(undoing.reason_label(reason)), count) for reason, count in sorted(kept.items())]

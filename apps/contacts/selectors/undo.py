"""What undoing an import would do, or has done."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import undoing
from apps.contacts.models import Company, CompanyMember, Contact, ImportFile, ImportKey
from apps.contacts.registries import Text
from apps.core.downloads import Echo

State = ImportFile.State
UNDO_TIME = timedelta(days=7)
COUNTED = 50_000  # records that are looked at while a person waits


@dataclass(frozen=True)
class UndoReason:
    label: str
    count: int


@dataclass(frozen=True)
class Kept:
    """One thing that was not put back, what it is called, where it is ('': nowhere), and why."""

    label: str
    url: str
    reason: str


@dataclass(frozen=True)
class UndoWords:
    """What the page says of what is undone; without `restored` nothing is ever put back."""

    things: Text
    removed: Text
    restored: Text
    warning: Text


_RESTORED = gettext_lazy("Changed by this import: each field is as it was before.")
_WORDS = {
    ImportFile.About.CONTACTS: UndoWords(
        gettext_lazy("Contacts"),
        gettext_lazy("Added by this import, and nothing has happened to them since."),
        _RESTORED,
        gettext_lazy(
            "Contacts that are removed cannot be brought back, other than by importing the file again."
        ),
    ),
    ImportFile.About.COMPANIES: UndoWords(
        gettext_lazy("Companies"),
        gettext_lazy("Added by this import, not changed since, and nobody belongs to them."),
        _RESTORED,
        gettext_lazy(
            "Companies that are removed cannot be brought back, other than by importing the file again."
        ),
    ),
    ImportFile.About.MEMBERS: UndoWords(
        gettext_lazy("People of companies"),
        gettext_lazy("Put into a company by this import, and not changed since. They stay contacts."),
        gettext_lazy(
            "Changed by this import: each field is as it was before, and so is which company is the main one."
        ),
        gettext_lazy(
            "Places that are removed cannot be brought back, other than by importing the file again."
        ),
    ),
    ImportFile.About.EVENTS: UndoWords(
        gettext_lazy("Events"),
        gettext_lazy(
            "Recorded by this import, or in quarantine since. People whom nothing else has made known go too."
        ),
        "",
        gettext_lazy(
            "Events that are removed cannot be brought back, other than by importing the file again."
        ),
    ),
}


def import_undo_words(import_file: ImportFile) -> UndoWords:
    return _WORDS[ImportFile.About(import_file.about)]


@dataclass(frozen=True)
class Undo:
    """
    What undoing an import would do, or has done so far.

    `kept` are those that were not put back, or not wholly, by reason. `lost` are those of which there is no
    record any more. Where it is not `exact`, `removed` and `restored` are the most that it can be:
    what has happened since is found out on the way. `people` are contacts that go with events.
    """

    removed: int
    restored: int
    kept: list[UndoReason]
    lost: int
    exact: bool = True
    people: int = 0


def import_undo_refusal(import_file: ImportFile, *, now: datetime) -> str:
    """Return why this import cannot be undone, as a sentence; '' if it can."""
    if import_file.is_dry_run or import_file.queued_at is None:
        return _("Nothing was imported, so there is nothing to undo.")
    if import_file.state not in (State.DONE, State.FAILED, State.CANCELLED):
        return _("Only an import that has ended can be undone.")
    if not import_file.created and not import_file.updated:
        return _("This import has neither added nor changed anything.")
    if import_file.finished_at is None or import_file.finished_at <= now - UNDO_TIME:
        return _("An import can be undone for seven days. They are over.")
    if not import_file.keys.exists():
        return _("What this import did is not on record: the database has stopped uncleanly since.")
    return ""


def import_undo_begin(import_file: ImportFile) -> dict[str, Any]:
    """Return what undoing starts from: those erased meanwhile, and those without a record, are told."""
    ours = Q(is_new=True) | Q(before__isnull=False)
    counts = import_file.keys.aggregate(
        ours=Count("key", filter=ours & Q(kept="")), erased=Count("key", ~Q(kept=""))
    )
    taken = import_file.created + import_file.updated
    return {
        "removed": 0,
        "restored": 0,
        "people": 0,
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
    counts = undoing.verdicts(import_file)
    kept = dict(begin["kept"])
    for verdict in counts:
        if verdict.reason:
            kept[verdict.reason] = kept.get(verdict.reason, 0) + verdict.count
    return Undo(
        removed=sum(one.count for one in counts if one.is_new and not one.reason),
        restored=sum(one.count for one in counts if not one.is_new and not one.reason),
        kept=_reasons(kept),
        lost=begin["lost"],
        people=undoing.people_count(import_file),
    )


def import_undo_result(import_file: ImportFile) -> Undo | None:
    """Return what undoing it has done so far; None if nobody has begun."""
    told = import_file.undo
    if not told:
        return None
    return Undo(
        told["removed"],
        told["restored"],
        _reasons(told["kept"]),
        told["lost"],
        people=told.get("people", 0),
    )


def import_kept(import_file: ImportFile, *, limit: int) -> list[Kept]:
    """Return the first that were not put back, each with the reason."""
    rows = list(_kept(import_file).values_list("key", "kept", "before")[:limit])
    things = _things(import_file.about, {key: before or {} for key, _reason, before in rows})
    return [Kept(*things[key], str(undoing.reason_label(reason))) for key, reason, _before in rows]


def _things(about: str, keys: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """Return of each what it is called and where it is, '' where it has no page (any more)."""
    match ImportFile.About(about):
        case ImportFile.About.CONTACTS:
            return _people(keys)
        case ImportFile.About.EVENTS:
            return {key: (_("Event %(n)s") % {"n": _event(before)}, "") for key, before in keys.items()}
        case ImportFile.About.COMPANIES:
            found = {company.pk: company for company in Company.objects.filter(pk__in=keys)}
        case ImportFile.About.MEMBERS:
            members = CompanyMember.objects.filter(pk__in=keys).select_related("company")
            found = {member.pk: member.company for member in members}
    return {
        key: (found[key].name, reverse("contacts:company-detail", args=[found[key].pk]))
        if key in found
        else (_("Number %(n)s") % {"n": key}, "")
        for key in keys
    }


def _people(keys: Collection[int]) -> dict[int, tuple[str, str]]:
    known = Contact.objects.known().filter(pk__in=keys).values_list("pk", "email", "phone")
    named = {pk: email or phone for pk, email, phone in known}
    return {
        key: (named.get(key) or _("Contact %(n)s") % {"n": key}, reverse("contacts:detail", args=[key]))
        for key in keys
    }


def import_kept_lines(import_file: ImportFile) -> Iterator[str]:
    """Yield as CSV everything that was not put back, by number, with the reason."""
    writer = csv.writer(Echo())
    yield writer.writerow([_COLUMN[ImportFile.About(import_file.about)], "reason"])
    rows = _kept(import_file).values_list("key", "kept", "before").iterator(chunk_size=2_000)
    for key, reason, before in rows:
        is_event = import_file.about == ImportFile.About.EVENTS
        yield writer.writerow([_event(before or {}) if is_event else key, undoing.reason_label(reason)])


# What the numbers in the list are of.
_COLUMN = {
    ImportFile.About.CONTACTS: "contact",
    ImportFile.About.COMPANIES: "company",
    ImportFile.About.MEMBERS: "member",
    ImportFile.About.EVENTS: "event",
}


def _event(before: Mapping[str, Any]) -> int | str:
    """Return the number of an event, of one that was in quarantine the one that it had there."""
    number: int | str = before.get("event") or before.get("held") or ""
    return number


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
        "people": undo.people,
    }


def _kept(import_file: ImportFile) -> Any:
    return ImportKey.objects.filter(import_file=import_file).exclude(kept="").order_by("key")


def _reasons(kept: Mapping[str, int]) -> list[UndoReason]:
    return [UndoReason(str(undoing.reason_label(reason)), count) for reason, count in sorted(kept.items())]

"""How imports are taken back, by what they are about. Services call these."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.models import ImportFile
from apps.contacts.registries import Text, counted, moves
from apps.contacts.undoing.companies import COMPANIES
from apps.contacts.undoing.contacts import CONTACTS
from apps.contacts.undoing.events import EVENTS
from apps.contacts.undoing.keys import Taken, Told, Undoing, Verdict
from apps.contacts.undoing.members import MEMBERS

__all__ = ["Taken", "Verdict", "people_count", "reason_label", "take_back", "verdicts"]

About = ImportFile.About
UNDOINGS: Mapping[About, Undoing] = {
    About.CONTACTS: CONTACTS,
    About.COMPANIES: COMPANIES,
    About.MEMBERS: MEMBERS,
    About.EVENTS: EVENTS,
}
# Why something was not, or not wholly, put back. The others are names of `registries.moves` and `.counted`.
REASONS = {
    "gone": _("Not there any more"),
    "merged": _("Merged with another contact"),
    "erased": _("Erased"),
    "changed": _("Changed since"),
    "identities": _("Known by another name since"),
    "refused": _("Said no: a refusal is never taken back"),
    "consents": _("Consent given or changed since"),
    "people": _("People belong to it"),
    "taken": _("Its former domain is another company's by now"),
    "main": _("Another company is their main one by now"),
    "released": _("Released from quarantine, or thrown away there"),
}


def reason_label(reason: str) -> Text:
    """Return what people are told of a reason."""
    if known := REASONS.get(reason):
        return known
    if count := dict(counted.items()).get(reason):
        return count.label
    move = dict(moves.items()).get(reason)
    return move.label if move and move.label else _("In use")


def verdicts(import_file: ImportFile) -> list[Verdict]:
    """Count what taking the import back would do now."""
    return UNDOINGS[About(import_file.about)].count(_told(import_file))


def people_count(import_file: ImportFile) -> int:
    """Count the contacts that would go along with what the import was about."""
    return UNDOINGS[About(import_file.about)].people_count(_told(import_file))


def take_back(import_file: ImportFile, *, after: int, limit: int, by: User | None, now: datetime) -> Taken:
    """Take back what the import did to the next records, in the caller's transaction."""
    undoing = UNDOINGS[About(import_file.about)]
    return undoing.chunk(_told(import_file), after=after, limit=limit, by=by, now=now)


def _told(import_file: ImportFile) -> Told:
    consent = {name: import_file.consent.get(name, "") for name in ("channel", "topic", "status")}
    return {**consent, "import_id": import_file.pk}

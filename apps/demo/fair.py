"""
The cards of a fair, as they come: filled in by hand, typed in haste, and full of what quality looks for.

Invented, every name of it, and nobody on them has agreed to anything: nobody is written to. They came in
before the customers did, so the score has a history: what the first look found, what was mended, and how
little of it there is among 64,000.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts.models import Attribute, Contact, ImportFile, QualityMend, QualityScan
from apps.contacts.services import (
    ContactExists,
    ImportRefused,
    ScanRunning,
    attribute_create,
    attribute_update,
    contact_create,
    import_run,
    import_start,
    import_upload,
    mend_start,
    quality_mends_run,
    quality_scan_start,
    quality_scans_run,
)
from apps.core.errors import DomainError

FILE = Path(__file__).parent / "data" / "fair-cards.csv"
SOURCE = "Cards of the autumn fair"
CAME = timedelta(days=5)  # ago: the import can still be undone
MENDED = timedelta(days=4)
LAST_YEAR = timedelta(days=400)
SECONDS = 120
STANDS = ["Harbour tent", "Walking club stand", "Quay Street shop"]
CLOSED = "Quay Street shop"
Type = Attribute.Type
# key, business name, type, choices, definition
DICTIONARY: list[tuple[str, str, str, list[str], str]] = [
    ("first_name", "First name", Type.TEXT, [], "As somebody wrote it on a card."),
    ("last_name", "Last name", Type.TEXT, [], "As somebody wrote it on a card."),
    ("city", "Town", Type.TEXT, [], "Where they live."),
    ("birth_date", "Date of birth", Type.DATE, [], "For the birthday voucher."),
    ("met_at", "Met at", Type.CHOICE, STANDS, "The stand or shop where the card was filled in."),
]
MAPPING = {
    "Card": "identity:card",
    "First name": "attr:first_name",
    "Last name": "attr:last_name",
    "E-mail": "email",
    "Mobile": "phone",
    "Town": "attr:city",
    "Born": "attr:birth_date",
    "Met at": "attr:met_at",
}
# Of the guest book of the year before: nothing was heard of them since.
GUESTS = [
    ("Beatrice", "Yardley", "beatrice.yardley@post.example", "Northfield"),
    ("Conrad", "Pike", "conrad.pike@millbrook.example", "Millbrook"),
    ("Delia", "Frost", "delia.frost@castlebridge.example", "Castlebridge"),
    ("Evan", "Roscoe", "evan.roscoe@fernhill.example", "Fernhill"),
]


class _Mend(NamedTuple):
    rule: str
    act: str
    detail: str


SPACES = _Mend("suspicious_names", "names_tidy", "spaces")


class FairNotLoaded(DomainError):
    pass


def cards_import(by: User, *, now: datetime) -> bool:
    """Bring the cards in, look at them, mend a little, and look again; False if they have come before."""
    imported = ImportFile.objects.filter(file_name=FILE.name, state=ImportFile.State.DONE)
    if QualityMend.objects.filter(by=by, rule=SPACES.rule, detail=SPACES.detail).exists():
        return False
    # Where somebody has looked before, these scans come last, and not among theirs.
    came, mended = (timedelta(0), timedelta(0)) if QualityScan.objects.exists() else (CAME, MENDED)
    _attributes_describe(by, now=now)
    _guests_add(by, now=now)
    if not imported.exists():  # a load that was cut short may have come so far
        _file_import(by, now=now)
    _choice_drop(by, now=now)
    _scan(by, ago=came, now=now)
    _spaces_mend(by, ago=mended, now=now)
    _scan(by, ago=mended, now=now)
    return True


def _attributes_describe(by: User, *, now: datetime) -> None:
    for key, label, kind, choices, definition in DICTIONARY:
        if not Attribute.objects.filter(key=key).exists():
            attribute_create(
                key=key,
                label=label,
                type=kind,
                choices=choices,
                definition=definition,
                owner=by,
                source=SOURCE,
                by=by,
                now=now,
            )


def _guests_add(by: User, *, now: datetime) -> None:
    then = now - LAST_YEAR
    for first, last, email, town in GUESTS:
        with suppress(ContactExists):
            named = {"first_name": first, "last_name": last, "city": town}
            guest = contact_create(email=email, attributes=named, by=by, now=then)
            # Made today, and told as what it stands for: somebody of last year.
            Contact.objects.filter(pk=guest.pk).update(created_at=then, updated_at=then)


def _file_import(by: User, *, now: datetime) -> None:
    then = now - CAME
    draft = import_upload(file=ContentFile(FILE.read_bytes(), name=FILE.name), by=by)
    started = import_start(import_file=draft, by=by, now=then, mapping=MAPPING, key="identity:card")

    def run() -> None:
        with suppress(ImportRefused):  # a worker of a running installation has it: it is as good as ours
            import_run(import_file=started, now=then)

    _await(run, lambda: not ImportFile.objects.get(pk=started.pk).is_open)
    ImportFile.objects.filter(pk=started.pk).update(
        created_at=then, started_at=then, finished_at=then + timedelta(seconds=1)
    )


def _choice_drop(by: User, *, now: datetime) -> None:
    """The shop has closed since: whoever was met there has a value that the dictionary knows no more."""
    met_at = Attribute.objects.get(key="met_at")
    attribute_update(attribute=met_at, choices=[s for s in STANDS if s != CLOSED], by=by, now=now)


def _scan(by: User, *, ago: timedelta, now: datetime) -> None:
    try:
        scan = quality_scan_start(by=by, now=now)
    except ScanRunning:
        return  # somebody looks already; theirs is as good
    _await(lambda: quality_scans_run(now=now), lambda: not QualityScan.objects.get(pk=scan.pk).is_open)
    QualityScan.objects.filter(pk=scan.pk).update(
        created_at=now - ago, started_at=now - ago, finished_at=now - ago
    )


def _spaces_mend(by: User, *, ago: timedelta, now: datetime) -> None:
    mend = mend_start(rule=SPACES.rule, act=SPACES.act, detail=SPACES.detail, by=by, now=now)
    _await(lambda: quality_mends_run(now=now), lambda: not QualityMend.objects.get(pk=mend.pk).is_open)
    QualityMend.objects.filter(pk=mend.pk).update(
        created_at=now - ago, started_at=now - ago, finished_at=now - ago
    )


def _await(run: Callable[[], object], is_done: Callable[[], bool]) -> None:
    """Work until it is done, by this process or by a worker of a running installation."""
    deadline = time.monotonic() + SECONDS
    run()
    while not is_done():
        if time.monotonic() > deadline:
            raise FairNotLoaded(_("The work on the demo's cards does not come to its end."))
        time.sleep(0.2)
        run()

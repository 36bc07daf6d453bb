"""What people do with lists."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.contacts import selectors as contacts
from apps.contacts.addresses import AddressInvalid, email_normalise
from apps.contacts.models import Identity
from apps.core.errors import DomainError
from apps.core.texts import is_one_line
from apps.segments import selectors
from apps.segments.models import ContactList, ContactListMember, Segment
from apps.segments.services.used import StillUsed

MAX_NAME = 200
MAX_PASTED = 50_000


class ListInvalid(DomainError):
    """The list cannot be kept like this; `field` is what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Rejected:
    """One piece that put nobody on the list: its line, counted from one, and the reason."""

    row: int
    value: str
    reason: str


@dataclass(frozen=True)
class Pasted:
    """
    What became of pasted text. Each piece is in one of the first four: they sum to what was pasted.

    `rejected` are the unknown and the invalid once more, in the order of their lines.
    """

    contact_list: ContactList
    added: int
    already: int  # on the list before, or pasted twice
    unknown: tuple[str, ...]  # nobody has this address
    invalid: tuple[str, ...]  # not an address
    rejected: tuple[Rejected, ...] = ()

    @property
    def total(self) -> int:
        return self.added + self.already + len(self.unknown) + len(self.invalid)


def list_paste(
    *,
    text: str,
    by: User | None,
    now: datetime,
    contact_list: ContactList | None = None,
    name: str = "",
    description: str = "",
) -> Pasted:
    """
    Put the contacts with the pasted addresses on a list: on this one, or on a new one of this name.

    Addresses stand apart by commas, semicolons, spaces or lines; `Ann <ann@example.com>` is read too.

    :raises ListInvalid: no name, one that is taken, nothing or too much pasted
    """
    pieces = _pieces(text)
    found, unknown, invalid = _contacts_of(pieces)
    rejected = tuple(sorted([*unknown, *invalid], key=lambda one: one.row))
    with transaction.atomic():
        if contact_list is None:
            contact_list = _create(name=name, description=description, by=by, now=now)
        added = _add(contact_list, sorted(set(found)), now=now)
        details: dict[str, object] = {"added": added, "unknown": len(unknown), "invalid": len(invalid)}
        collaboration.audit_record(
            action="contactlist.pasted", subject=contact_list, by=by, now=now, details=details
        )
    contact_list.refresh_from_db()
    return Pasted(contact_list, added, len(found) - added, _values(unknown), _values(invalid), rejected)


@transaction.atomic
def list_freeze(
    *, segment: Segment, name: str, by: User | None, now: datetime, description: str = ""
) -> ContactList:
    """
    Keep who is in a segment at this moment as a list.

    :raises RuleInvalid: the segment's rule cannot be used any more
    :raises ListInvalid: no name, or one that is taken
    """
    people = selectors.segment_contacts(segment, now=now).order_by().values("pk")
    contact_list = _create(name=name, description=description.strip(), by=by, now=now, frozen_from=segment)
    _fill(contact_list, people, now=now)
    return contact_list


@transaction.atomic
def list_of_findings(
    *, rule: str, name: str, by: User | None, now: datetime, detail: str = "", description: str = ""
) -> ContactList:
    """
    Keep as a list whom the last scan of quality found by this rule, and whom nobody has mended since.

    `detail` leaves only those of whom it found that: a word of the rule, or the key of an attribute.

    :raises ListInvalid: no name, one that is taken, or nobody was found
    """
    people = contacts.findings(rule=rule, detail=detail).order_by().values("contact_id").distinct()
    contact_list = _create(name=name, description=description.strip(), by=by, now=now)
    _fill(contact_list, people, now=now)
    if not contact_list.size:
        raise ListInvalid("rule", _("The last scan found nobody by this rule, or everybody is mended."))
    return contact_list


def _fill(contact_list: ContactList, people: QuerySet[Any, Any], *, now: datetime) -> None:
    """Put people on a new list: ids in one column, each once."""
    select, params = people.query.sql_with_params()
    with connection.cursor() as cursor:
        # A person is found once, and on a new list nobody was before: nothing can be in conflict.
        insert = "INSERT INTO segments_contactlistmember (contact_list_id, contact_id, added_at) "
        rows = f"SELECT %s, found.id, %s FROM ({select}) AS found (id)"  # noqa: S608  # Django wrote `select`
        cursor.execute(insert + rows, [contact_list.pk, now, *params])
        contact_list.size = cursor.rowcount
    contact_list.save(update_fields=["size", "updated_at"])


@transaction.atomic
def list_change(
    *,
    contact_list: ContactList,
    by: User | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    seen_at: datetime | None = None,
) -> ContactList:
    """
    Change the name or description. `seen_at` is how old was what the author read.

    :raises SavedSince: somebody has changed one of them since; who comes onto the list and leaves it does not
    :raises ListInvalid: no name, or one that is taken
    """
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    seen_check(contact_list, seen_at, only=("name", "description"))
    wanted = {
        "name": contact_list.name if name is None else _name(name),
        "description": contact_list.description if description is None else description.strip(),
    }
    changed = [field for field, value in wanted.items() if value != getattr(contact_list, field)]
    if not changed:
        return contact_list
    contact_list.name, contact_list.description = wanted["name"], wanted["description"]
    _save(contact_list)
    collaboration.audit_record(
        action="contactlist.changed", subject=contact_list, by=by, now=now, details={"fields": changed}
    )
    return contact_list


@transaction.atomic
def list_remove(*, contact_list: ContactList, contacts: Sequence[int], by: User | None, now: datetime) -> int:
    """Take these contacts off the list; return how many were on it."""
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    removed, _by_model = contact_list.members.filter(contact__in=contacts).delete()
    if not removed:
        return 0
    contact_list.size -= removed
    contact_list.save(update_fields=["size", "updated_at"])
    collaboration.audit_record(
        action="contactlist.removed", subject=contact_list, by=by, now=now, details={"removed": removed}
    )
    return removed


@transaction.atomic
def list_delete(*, contact_list: ContactList, by: User | None, now: datetime) -> None:
    """
    Delete a list. The contacts stay.

    :raises StillUsed: something needs it
    """
    contact_list = ContactList.objects.select_for_update().get(pk=contact_list.pk)
    if uses := selectors.list_uses([contact_list.pk], user=by)[contact_list.pk]:
        raise StillUsed(uses)
    collaboration.audit_record(action="contactlist.deleted", subject=contact_list, by=by, now=now)
    contact_list.delete()


def _pieces(text: str) -> list[tuple[int, str]]:
    """Return the addresses as they were pasted, and each part between commas that has none, with its line."""
    pieces = []
    for row, line in enumerate(text.splitlines(), start=1):
        for part in re.split(r"[,;\t]+", line):
            addresses = [word.strip("<>()[]\"'") for word in part.split() if "@" in word]
            pieces += [(row, piece) for piece in addresses or [part.strip()] * bool(part.strip())]
    if not pieces:
        raise ListInvalid("text", _("Paste at least one e-mail address."))
    if len(pieces) > MAX_PASTED:
        refusal = _("At most %(n)s addresses at once; import a file instead.")
        raise ListInvalid("text", refusal % {"n": f"{MAX_PASTED:,}"})
    return pieces


def _contacts_of(pieces: Sequence[tuple[int, str]]) -> tuple[list[int], list[Rejected], list[Rejected]]:
    """Return the contact of each address, the addresses that nobody has, and what is no address."""
    addresses, invalid = [], []
    for row, piece in pieces:
        try:
            addresses.append((row, email_normalise(piece)))
        except AddressInvalid as fault:
            invalid.append(Rejected(row, piece[:254], str(fault)))
    people = Identity.objects.filter(
        namespace=Identity.EMAIL,
        value__in={address for _row, address in addresses},
        contact__erased_at__isnull=True,
    )
    known = dict(people.values_list("value", "contact"))
    found = [known[address] for _row, address in addresses if address in known]
    nobody = _("Nobody has this address.")
    unknown = [Rejected(row, address, nobody) for row, address in addresses if address not in known]
    return found, unknown, invalid


def _values(rejected: Sequence[Rejected]) -> tuple[str, ...]:
    return tuple(one.value for one in rejected)


def _create(*, name: str, by: User | None, now: datetime, **values: object) -> ContactList:
    contact_list = ContactList(name=_name(name), by=by, **values)
    _save(contact_list)
    collaboration.audit_record(action="contactlist.created", subject=contact_list, by=by, now=now)
    return contact_list


def _add(contact_list: ContactList, contacts: Sequence[int], *, now: datetime) -> int:
    ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    before = contact_list.members.count()
    ContactListMember.objects.bulk_create(
        [ContactListMember(contact_list=contact_list, contact_id=pk, added_at=now) for pk in contacts],
        ignore_conflicts=True,
        batch_size=5_000,
    )
    after = contact_list.members.count()
    ContactList.objects.filter(pk=contact_list.pk).update(size=after, updated_at=now)
    return after - before


def _name(name: str) -> str:
    name = name.strip()
    if not name:
        raise ListInvalid("name", _("A list needs a name."))
    if len(name) > MAX_NAME or not is_one_line(name):
        raise ListInvalid("name", _("A name of at most %(n)s letters, please.") % {"n": MAX_NAME})
    return name


def _save(contact_list: ContactList) -> None:
    try:
        with transaction.atomic():
            contact_list.save()
    except IntegrityError as error:
        taken = _("There is a list “%(name)s” already.") % {"name": contact_list.name}
        raise ListInvalid("name", taken) from error

"""What a person may ask for: everything that is known of them, and to be forgotten."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import registries, selectors, staging
from apps.contacts.addresses import address_hash
from apps.contacts.models import Channel, Contact, Erasure, Identity, Suppression
from apps.contacts.personal import Person
from apps.core.errors import DomainError
from apps.core.queues import ring

SWEEP_TASK = "apps.contacts.tasks.erasures_sweep"
# How long after an erasure work that had begun before may still write something down.
SWEPT_FOR = timedelta(hours=1)
AT_ONCE = 500


class ContactErased(DomainError):
    """There is nobody here any more."""


@transaction.atomic
def contact_export(*, contact: Contact, by: User | None, now: datetime) -> dict[str, Any]:
    """
    Return everything that is held about the person, table by table, as plain JSON; an entry for each.

    :raises ContactErased: nothing is left
    """
    contact = Contact.objects.get(pk=selectors.contact_living(contact).pk)
    if contact.erased_at:
        raise ContactErased(_("This person was erased. There is nothing left to hand over."))
    person = _person(contact, by=by, now=now)
    held = {name: holding.export(person) for name, holding in registries.holdings.items()}
    held["contacts_suppression"] = list(
        _suppressions(person).values("channel", "reason", "at", "source").order_by("pk")
    )
    collaboration.audit_record(action="contact.exported", subject=contact, by=by, now=now)
    return {"contact": contact.pk, "exported_at": now, "held": held}


@transaction.atomic
def contact_erase(*, contact: Contact, by: User | None, now: datetime, why: str = "") -> Erasure:
    """
    Forget a person, for ever: their addresses, attributes, events and consent, in every table.

    Their addresses stay suppressed, by hash alone. Rows that sums are made of stay, about a contact of whom
    nothing is known. Messages not yet past the point of no return are not sent.

    :raises ContactErased: erased before
    """
    staging.lock()  # before any contact, as imports do: what a chunk keeps of its rows is kept before, or not
    contact = Contact.objects.select_for_update(no_key=True).get(pk=selectors.contact_living(contact).pk)
    if contact.erased_at:
        raise ContactErased(_("This person was erased already."))
    person = _person(contact, by=by, now=now)
    _suppress(person, now=now)
    merged = [pk for pk in person.contacts if pk != contact.pk]
    erasure = Erasure.objects.create(
        contact=contact, merged=merged, at=now, by=by, why=why.strip(), names=_hashes(person)
    )
    rows = _erase(person)
    details: dict[str, object] = {"rows": {name: count for name, count in rows.items() if count}}
    collaboration.audit_record(action="contact.erased", subject=contact, by=by, now=now, details=details)
    ring(SWEEP_TASK)
    return erasure


def erasures_sweep(*, now: datetime) -> int:
    """
    Erase once more whom a worker may have written something about meanwhile, and keep the log file whole.

    Return how many erasures were written to the file.
    """
    logged = _log(now=now)  # first: whatever stops the rest, the log has it
    for erasure in Erasure.objects.filter(at__gt=now - SWEPT_FOR).order_by("-at")[:AT_ONCE]:
        with transaction.atomic():
            contacts = [erasure.contact_id, *erasure.merged]
            _erase(Person(contacts=contacts, values=[], by=None, now=now))
    return logged


@transaction.atomic
def _log(*, now: datetime) -> int:
    # Locked, so that two workers do not write the same line; a line too many would do no harm.
    waiting = Erasure.objects.select_for_update(no_key=True, skip_locked=True).filter(logged_at=None)
    rows = list(waiting.order_by("pk")[:AT_ONCE])
    if not rows:
        return 0
    with settings.ERASURE_LOG.open("ab") as file:
        for row in rows:
            line = {
                "contact": row.contact_id,
                "merged": row.merged,
                "at": row.at,
                "why": row.why,
                "names": row.names,
            }
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return Erasure.objects.filter(pk__in=[row.pk for row in rows]).update(logged_at=now)


def erasures_reapply(*, lines: Iterable[bytes], by: User | None, now: datetime) -> int:
    """
    Erase again whoever the log says was erased, after an older backup was restored; return how many that was.

    Only where the contact of that number still has one of the names: another person is left alone. In the
    backup, who was merged may still be a contact by itself, or merged into somebody else.
    """
    done = 0
    for line in lines:
        told = orjson.loads(line)
        at = parse_datetime(told["at"]) or now
        for pk in [told["contact"], *told.get("merged", [])]:
            contact = Contact.objects.filter(pk=pk).first()
            living = selectors.contact_living(contact) if contact else None
            if living is None or living.erased_at:
                continue
            if set(_hashes(_person(living, by=by, now=now))) & set(told["names"]):
                contact_erase(contact=living, by=by, now=at, why=told["why"])
                done += 1
    return done


_MERGED = """
    WITH RECURSIVE one (id) AS (
        SELECT %s::bigint
        UNION
        SELECT m.gone_id FROM one JOIN contacts_contactmerge AS m ON m.contact_id = one.id
        WHERE m.undone_at IS NULL
    )
    SELECT id FROM one
"""


def _person(contact: Contact, *, by: User | None, now: datetime) -> Person:
    with connection.cursor() as cursor:
        cursor.execute(_MERGED, [contact.pk])
        contacts = sorted(pk for (pk,) in cursor.fetchall())
    names = Identity.objects.filter(contact__in=contacts).values_list("value", flat=True)
    told = Contact.objects.filter(pk__in=contacts).values_list("email", "phone")
    values = {*names, *(value for pair in told for value in pair)} - {""}
    return Person(contacts=contacts, values=sorted(values), by=by, now=now)


def _erase(person: Person) -> dict[str, int]:
    return {name: holding.erase(person) for name, holding in registries.holdings.items()}


def _addresses(person: Person) -> set[tuple[Channel, bytes]]:
    emails = Identity.objects.filter(contact__in=person.contacts, namespace=Identity.EMAIL)
    people = Contact.objects.filter(pk__in=person.contacts).values_list("email", "phone")
    found = {(Channel.EMAIL, email) for email in emails.values_list("value", flat=True)}
    for email, phone in people:
        found |= {(Channel.EMAIL, email), (Channel.SMS, phone)}
    return {(channel, address_hash(address)) for channel, address in found if address}


def _suppress(person: Person, *, now: datetime) -> None:
    addresses = sorted(_addresses(person))
    # Nobody's undoing lifts it.
    mended = Suppression.objects.filter(source__startswith=Suppression.MENDED)
    mended.filter(address_hash__in=[digest for _channel, digest in addresses]).update(
        reason=Suppression.Reason.ERASED, at=now, source="", by=person.by
    )
    Suppression.objects.bulk_create(
        [
            Suppression(
                channel=channel, address_hash=digest, reason=Suppression.Reason.ERASED, at=now, by=person.by
            )
            for channel, digest in addresses
        ],
        ignore_conflicts=True,  # the first reason stays
    )


def _suppressions(person: Person) -> Any:
    return Suppression.objects.filter(address_hash__in=[digest for _channel, digest in _addresses(person)])


def _hashes(person: Person) -> list[str]:
    key = settings.SUPPRESSION_KEY
    return sorted(hmac.new(key, value.lower().encode(), "sha256").hexdigest() for value in person.values)

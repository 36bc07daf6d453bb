"""Contacts that may be the same person as another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from apps.contacts.alike import email_spellings, mailbox, name_normalise
from apps.contacts.models import Contact

MOST = 5
LOOKED_AT = 200  # of one number or address: a switchboard has many people


@dataclass(frozen=True)
class Alike:
    """A contact that may be the same person, and what makes it look so."""

    contact: Contact
    why: str


def contacts_alike(contact: Contact) -> Sequence[Alike]:
    """Return whoever has the same name and number, or an address that differs by dots and plus."""
    found = {other.pk: Alike(other, _("Same name and telephone number")) for other in _same_number(contact)}
    for other in _same_mailbox(contact):
        found[other.pk] = Alike(other, _("The same address, spelt differently"))
    return [found[pk] for pk in sorted(found)][:MOST]


def _same_number(contact: Contact) -> list[Contact]:
    name = name_normalise(contact.attributes)
    if not (contact.phone and name):
        return []
    others = Contact.objects.known().filter(phone=contact.phone).exclude(pk=contact.pk).order_by("pk")
    return [other for other in others[:LOOKED_AT] if name_normalise(other.attributes) == name]


# By the index on addresses, whose operators compare byte by byte: '+' is just before ','. Each spelling is
# one probe for the address itself and one for those with a plus.
_SPELLINGS = """
    SELECT DISTINCT found.id FROM unnest(%(locals)s::text[]) AS spelt
    CROSS JOIN LATERAL (
        SELECT id FROM contacts_contact WHERE email = spelt || '@' || %(domain)s
        UNION ALL
        (SELECT id FROM contacts_contact
         WHERE email ~>=~ (spelt || '+') AND email ~<~ (spelt || ',') LIMIT %(most)s)
    ) AS found LIMIT %(most)s
"""


def _same_mailbox(contact: Contact) -> list[Contact]:
    if not contact.email:
        return []
    told: dict[str, Any] = {
        "locals": email_spellings(contact.email),
        "domain": contact.email.rpartition("@")[2],
        "most": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPELLINGS, told)
        ids = [pk for (pk,) in cursor.fetchall()]
    others = Contact.objects.known().filter(pk__in=ids).exclude(pk=contact.pk)
    return [other for other in others if mailbox(other.email) == mailbox(contact.email)]

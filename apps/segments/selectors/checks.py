"""Why somebody is in a segment, or is not: each condition of the rule, asked of single people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import IntegerField, Value

from apps.contacts.addresses import AddressInvalid, email_normalise
from apps.contacts.models import Contact, Identity
from apps.segments.rules import Condition, Node, conditions
from apps.segments.rules.sentence import condition_words
from apps.segments.selectors.panel import contacts_total, panel_ids
from apps.segments.selectors.rules import rule_contacts

SHARES_OF = 1_000  # people asked for what stands at the end of each row


@dataclass(frozen=True)
class Checked:
    """What a rule says of one person: the whole, and each condition by its path."""

    contact_id: int
    holds: bool
    conditions: tuple[tuple[Condition, bool], ...]


def rule_check(node: Node, contacts: Sequence[int], *, now: datetime) -> list[Checked]:
    """Ask a rule of these people, in their order; one statement, whatever the number of conditions."""
    asked = list(conditions(node))
    found = _held([node, *asked], contacts, now=now)
    return [
        Checked(
            contact_id=pk,
            holds=(0, pk) in found,
            conditions=tuple((one, (place, pk) in found) for place, one in enumerate(asked, start=1)),
        )
        for pk in contacts
    ]


@dataclass(frozen=True)
class PersonChecked:
    """One person with what the rule says of them; `reasons` are the conditions in words, met or not."""

    contact: Contact
    holds: bool
    reasons: tuple[tuple[str, bool], ...]


def people_checked(node: Node, contacts: Sequence[int], *, now: datetime) -> list[PersonChecked]:
    """Return these people, in order, each with the conditions of the rule in words; two statements."""
    if not contacts:
        return []
    people = Contact.objects.known().in_bulk(contacts)
    words = {one.path: condition_words(one) for one in conditions(node)}
    return [
        PersonChecked(
            people[one.contact_id],
            one.holds,
            tuple((words[condition.path], holds) for condition, holds in one.conditions),
        )
        for one in rule_check(node, [pk for pk in contacts if pk in people], now=now)
    ]


def person_by_address(address: str) -> Contact | None:
    """Return the contact who has this e-mail address; None if nobody has it or it is none."""
    try:
        value = email_normalise(address)
    except AddressInvalid:
        return None
    named = Identity.objects.filter(namespace=Identity.EMAIL, value=value)
    return Contact.objects.known().filter(identities__in=named).first()


def rule_shares(node: Node, *, now: datetime) -> dict[str, float]:
    """Return about which part of all contacts each condition alone holds for, by path; one statement."""
    asked = list(conditions(node))
    people = panel_ids(SHARES_OF, total=contacts_total())
    if not asked or not people:
        return {}
    found = Counter(place for place, _pk in _held(asked, people, now=now))
    return {one.path: found[place] / len(people) for place, one in enumerate(asked)}


def _held(nodes: Sequence[Node], contacts: Sequence[int], *, now: datetime) -> set[tuple[int, int]]:
    """Return which of the rules hold for which contact, as pairs of places and ids."""
    first, *others = [
        rule_contacts(node, now=now, among=contacts)
        .order_by()
        .values_list(Value(place, output_field=IntegerField()), "pk")
        for place, node in enumerate(nodes)
    ]
    return set(first.union(*others, all=True))

"""The SQL of a rule finds exactly the people that the words of the rule describe."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.contacts.models import Attribute, Company, CompanyMember, Consent, Contact, Event, Topic
from apps.core.partitions import month_of, month_partition_ensure
from apps.segments import selectors
from apps.segments.models import ContactList, ContactListMember, Segment
from apps.segments.selectors.rules import rule_panel
from tests.segments import naive, strategies

pytestmark = pytest.mark.django_db
NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
SEGMENTS = {
    1: {"any": [{"attribute": "visits", "op": "gte", "value": 2}, {"event": "order", "did": True}]},
    2: {"all": [{"segment": 1, "member": False}, {"attribute": "city", "op": "exists"}]},
}


@pytest.fixture
def house():
    for key, kind in strategies.KINDS.items():
        built_at = NOON if key.endswith("_indexed") else None
        Attribute.objects.create(
            key=key, label=key, type=kind, is_indexed=built_at is not None, index_built_at=built_at
        )
    for key, kind in strategies.COMPANY_KINDS.items():
        Attribute.objects.create(applies_to="company", key=key, label=key, type=kind)
    Topic.objects.create(key="news", name="News")
    for pk in (1, 2):
        ContactList.objects.create(pk=pk, name=f"list {pk}")
        Segment.objects.create(pk=pk, name=f"segment {pk}", rule=SEGMENTS[pk])


def settle(people):
    """Write these people down and return their ids, in order."""
    ids = []
    for person in people:
        contact = Contact.objects.create(attributes=person.attributes)
        ids.append(contact.pk)
        for name, at, properties in person.events:
            month_partition_ensure("contacts_event", month_of(at))
            Event.objects.create(
                contact=contact, name=name, occurred_at=at, received_at=at, properties=properties
            )
        for (channel, topic), status in person.consents.items():
            Consent.objects.create(
                contact=contact, channel=channel, topic=topic, status=status, changed_at=NOON
            )
        for attributes, role in person.companies:
            company = Company.objects.create(name="one", attributes=attributes)
            CompanyMember.objects.create(contact=contact, company=company, role=role)
        for pk in person.lists:
            ContactListMember.objects.create(contact_list_id=pk, contact=contact, added_at=NOON)
    return ids


def check(people, rules):
    with transaction.atomic():
        ids = settle(people)
        for rule in rules:
            node = selectors.rule_read(rule)
            found = set(selectors.rule_contacts(node, now=NOON).values_list("pk", flat=True))
            expected = {
                pk
                for pk, person in zip(ids, people, strict=True)
                if naive.holds(rule, person, NOON, SEGMENTS)
            }
            assert found == expected, rule
            some = ids[::2]
            among = selectors.rule_contacts(node, now=NOON, among=some)
            assert set(among.values_list("pk", flat=True)) == expected & set(some), rule
            panel = rule_panel(node, now=NOON, ids=some)
            assert set(panel.values_list("pk", flat=True)) == expected & set(some), rule
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    people=st.lists(strategies.people(NOON), min_size=3, max_size=6),
    rules=st.lists(strategies.rules([1, 2], [1, 2]), min_size=8, max_size=12),
)
def test_sql_finds_whom_the_rule_describes(house, people, rules):
    check(people, rules)


def test_an_index_that_is_not_built_yet_is_not_counted_on():
    """What its casts would fail on may still be there."""
    Attribute.objects.create(key="age", label="Age", type=Attribute.Type.NUMBER, is_indexed=True)
    Contact.objects.create(attributes={"age": "old"})
    old = Contact.objects.create(attributes={"age": 71})

    node = selectors.rule_read({"attribute": "age", "op": "gte", "value": 70})

    assert list(selectors.rule_contacts(node, now=NOON)) == [old]


@pytest.mark.parametrize(
    ("op", "value"), [("eq", "istanbul"), ("contains", "IST"), ("in", ["rome", "Istanbul"])]
)
def test_an_index_changes_nothing_of_whom_a_text_finds(op, value):
    Attribute.objects.create(key="city", label="City", type="text")
    Attribute.objects.create(key="town", label="Town", type="text", is_indexed=True, index_built_at=NOON)
    Contact.objects.create(attributes={"city": "İSTANBUL", "town": "İSTANBUL"})

    plain, indexed = (
        selectors.rule_contacts(selectors.rule_read({"attribute": key, "op": op, "value": value}), now=NOON)
        for key in ("city", "town")
    )

    assert (plain.count(), indexed.count()) == (1, 1)


@pytest.mark.parametrize(
    ("op", "value", "holds"),
    [
        ("contains", "the end", True),
        ("ends_with", "the end", True),
        ("starts_with", "x" * 400, True),
        ("eq", "x" * 500, False),
        ("ne", "x" * 500, True),
        ("in", ["y", "x" * 500], False),
    ],
)
def test_text_longer_than_its_index_is_asked_as_a_whole(op, value, holds):
    Attribute.objects.create(key="note", label="Note", type="text", is_indexed=True, index_built_at=NOON)
    Contact.objects.create(attributes={"note": f"{'X' * 2_000} the end"})

    node = selectors.rule_read({"attribute": "note", "op": op, "value": value})

    assert selectors.rule_contacts(node, now=NOON).exists() is holds

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services
from apps.contacts.attributes import index_name, sql_expression
from apps.contacts.models import Attribute, Contact
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.segments import SegmentFactory


@pytest.mark.django_db
class TestAttributeCreate:
    def test_describes_an_attribute(self, lead, noon):
        attribute = services.attribute_create(
            key="last_order", label="Last order", type="date", definition="Paid.", by=lead, now=noon
        )

        assert Attribute.objects.get() == attribute
        assert attribute.is_defined
        assert AuditEvent.objects.get().action == "attribute.created"

    @pytest.mark.parametrize(
        ("given", "field", "reason"),
        [
            ({"key": "Last Order"}, "key", "such as “last_order”"),
            ({"key": ""}, "key", "such as “town”"),
            ({"key": "x" * 64}, "key", "such as"),
            ({"key": "city"}, "key", "already exists"),
            ({"label": ""}, "label", "cannot be blank"),
            ({"type": "colour"}, "type", "not a valid choice"),
        ],
    )
    def test_refuses_by_field_what_cannot_be(self, lead, noon, given, field, reason):
        AttributeFactory(key="city")

        with pytest.raises(ValidationError) as refusal:
            services.attribute_create(
                **{"key": "town", "label": "Town", "type": "text"} | given, by=lead, now=noon
            )

        assert list(refusal.value.message_dict) == [field]
        assert reason in refusal.value.message_dict[field][0]
        assert Attribute.objects.count() == 1


@pytest.mark.django_db
class TestAttributeUpdate:
    def test_whoever_changes_an_entry_that_came_by_itself_has_described_it(self, lead, noon):
        attribute = AttributeFactory(is_defined=False)

        services.attribute_update(attribute=attribute, definition="Where they live.", by=lead, now=noon)

        attribute.refresh_from_db()
        assert (attribute.definition, attribute.is_defined) == ("Where they live.", True)
        assert AuditEvent.objects.get().details == {"fields": ["definition"]}

    def test_the_type_stays_while_contacts_have_values_of_another_kind(self, lead, noon):
        attribute = AttributeFactory(key="city", type="text")
        ContactFactory(attributes={"city": "Bonn"})

        with pytest.raises(ValidationError, match="There are values"):
            services.attribute_update(attribute=attribute, type="number", by=lead, now=noon)
        services.attribute_update(attribute=attribute, type="choice", by=lead, now=noon)

        attribute.refresh_from_db()
        assert attribute.type == "choice"

    def test_the_type_of_an_attribute_without_values_may_change(self, lead, noon):
        attribute = AttributeFactory(key="city", type="text", is_indexed=True, index_built_at=noon)

        services.attribute_update(attribute=attribute, type="number", by=lead, now=noon)

        attribute.refresh_from_db()
        assert (attribute.type, attribute.index_built_at) == ("number", None)


@pytest.mark.django_db
class TestAttributeDelete:
    @pytest.mark.parametrize("archived_at", [None, datetime(2030, 1, 1, tzinfo=UTC)])
    def test_what_a_segment_asks_for_stays_and_the_refusal_says_where(self, lead, noon, archived_at):
        attribute = AttributeFactory(key="city", label="City")
        rule = {"any": [{"event": "order", "did": True}, {"none": [{"attribute": "city", "op": "missing"}]}]}
        SegmentFactory(name="Berliners", rule=rule, archived_at=archived_at)

        with pytest.raises(services.AttributeRefused, match="is used by Segment “Berliners”"):
            services.attribute_delete(attribute=attribute, by=lead, now=noon)

        assert Attribute.objects.get() == attribute

    def test_a_segment_that_compares_with_its_name_does_not_use_it(self, lead, noon):
        attribute = AttributeFactory(key="city")
        SegmentFactory(rule={"attribute": "plan", "op": "eq", "value": "city"})

        services.attribute_delete(attribute=attribute, by=lead, now=noon)

        assert not Attribute.objects.exists()

    def test_is_hidden_at_once(self, lead, noon):
        services.attribute_delete(attribute=AttributeFactory(), by=lead, now=noon)

        assert not Attribute.objects.exists()
        assert Attribute.all_objects.get().removed_at == noon

    def test_its_name_is_free_once_it_is_gone(self, lead, noon):
        attribute = AttributeFactory(key="city")
        services.attribute_delete(attribute=attribute, by=lead, now=noon)

        with pytest.raises(ValidationError, match="just being taken away"):
            services.attribute_create(key="city", label="City", type="text", by=lead, now=noon)


def built(key):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index_name(key)]
        )
        return cursor.fetchall() == [(True,)]


@pytest.mark.django_db(transaction=True)
class TestAttributesSettle:
    def test_builds_an_index_that_the_filter_uses(self, noon):
        attribute = AttributeFactory(key="city", is_indexed=True)
        for number in range(300):
            ContactFactory(attributes={"city": f"City {number}"}, consent=False)

        services.attributes_settle(now=noon)

        attribute.refresh_from_db()
        condition = selectors.Condition(attribute, value="CITY 7")
        found = selectors.contacts(selectors.ContactAsk(conditions=[condition])).order_by("-pk")
        assert built("city")
        assert attribute.index_built_at == noon
        assert found.get().attributes == {"city": "City 7"}
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
        assert index_name("city") in found.explain()

    def test_text_longer_than_an_entry_of_an_index_is_kept_and_found(self, lead, noon):
        attribute = AttributeFactory(key="note", is_indexed=True)
        services.attributes_settle(now=noon)
        letters = [chr(0x20000 + n * 7_919 % 40_000) for n in range(10_000)]
        long, other = "".join(letters), "".join([*letters[:9_999], "!"])  # four bytes a letter

        for name, note in (("ann", long), ("bob", other), ("cat", long[:2_000])):
            services.contact_create(email=f"{name}@example.com", attributes={"note": note}, by=lead, now=noon)

        def found(operator, value):
            condition = selectors.Condition(attribute, selectors.Operator(operator), value)
            people = selectors.contacts(selectors.ContactAsk(conditions=[condition]))
            return sorted(contact.email.partition("@")[0] for contact in people)

        assert built("note")
        assert found("eq", long) == ["ann"]
        assert found("eq", long[:700]) == []
        assert found("starts", long[:9_999]) == ["ann", "bob"]
        assert found("starts", long[:50]) == ["ann", "bob", "cat"]
        assert found("gte", long) == ["ann"]
        assert found("lte", other) == ["bob", "cat"]
        services.attribute_update(attribute=attribute, is_indexed=False, by=lead, now=noon)
        services.attributes_settle(now=noon)

    def test_drops_the_index_that_is_no_longer_asked_for(self, lead, noon):
        attribute = AttributeFactory(key="city", is_indexed=True)
        services.attributes_settle(now=noon)

        services.attribute_update(attribute=attribute, is_indexed=False, by=lead, now=noon)
        services.attributes_settle(now=noon)

        attribute.refresh_from_db()
        assert not built("city")
        assert attribute.index_built_at is None

    def test_a_new_type_gets_an_index_of_its_own(self, lead, noon):
        attribute = AttributeFactory(key="city", is_indexed=True)
        services.attributes_settle(now=noon)
        services.attribute_update(attribute=attribute, type="number", by=lead, now=noon)

        services.attributes_settle(now=noon)

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [index_name("city")])
            assert "numeric" in cursor.fetchone()[0]
        services.attribute_update(attribute=attribute, is_indexed=False, by=lead, now=noon)
        services.attributes_settle(now=noon)

    def test_an_index_that_cannot_be_built_holds_up_no_other(self, lead, noon):
        broken = AttributeFactory(key="age", label="A", type="number", is_indexed=True)
        sound = AttributeFactory(key="city", label="B", is_indexed=True)
        contact = ContactFactory(attributes={"age": "old"})

        services.attributes_settle(now=noon)

        broken.refresh_from_db()
        sound.refresh_from_db()
        assert (broken.index_built_at, sound.index_built_at) == (None, noon)
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [index_name("age")])
            assert cursor.fetchone() == (None,)
        contact.delete()
        services.attribute_update(attribute=sound, is_indexed=False, by=lead, now=noon)
        services.attributes_settle(now=noon)

    def test_strips_what_was_taken_away_from_all_contacts(self, lead, noon):
        attribute = AttributeFactory(key="city", is_indexed=True)
        contact = ContactFactory(attributes={"city": "Bonn", "plan": "gold"})
        services.attributes_settle(now=noon)

        services.attribute_delete(attribute=attribute, by=lead, now=noon)
        services.attributes_settle(now=noon)

        contact.refresh_from_db()
        assert contact.attributes == {"plan": "gold"}
        assert not built("city")
        assert not Attribute.all_objects.exists()

    @pytest.mark.parametrize("kind", Attribute.Type.values)
    def test_every_type_can_be_indexed(self, kind, lead, noon):
        attribute = AttributeFactory(key="it", type=kind, is_indexed=True)

        services.attributes_settle(now=noon)

        assert built("it")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM contacts_contact WHERE {sql_expression('it', kind)} IS NOT NULL")
        services.attribute_update(attribute=attribute, is_indexed=False, by=lead, now=noon)
        services.attributes_settle(now=noon)


@pytest.mark.django_db
class TestCoverage:
    def test_is_the_share_of_contacts_with_a_value(self, django_assert_num_queries):
        ContactFactory(attributes={"city": "Bonn", "plan": "gold"})
        ContactFactory(attributes={"city": "Paris"})

        with django_assert_num_queries(2):
            assert selectors.coverage() == {"city": 1.0, "plan": 0.5}

    def test_is_unknown_without_contacts(self):
        assert selectors.coverage() is None


@pytest.mark.django_db
def test_names_that_may_mean_the_same_are_told():
    AttributeFactory(key="last_order_date")
    AttributeFactory(key="country")

    alike = selectors.attributes_alike("last_order_dates")

    assert [entry.key for entry in alike] == ["last_order_date"]
    assert Contact.objects.count() == 0

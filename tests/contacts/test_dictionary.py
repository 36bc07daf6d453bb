from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.collaboration.models import AuditEvent
from apps.contacts import selectors, services
from apps.contacts.attributes import index_name, sql_expression
from apps.contacts.models import Attribute, Contact
from apps.core.errors import DomainError
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
            ({"key": "email"}, "key", "a field of this name"),
            ({"key": "domain", "applies_to": "company"}, "key", "a field of this name"),
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

        with pytest.raises(ValidationError, match="“Bonn” is not a number"):
            services.attribute_update(
                attribute=attribute, type="number", is_converted=True, by=lead, now=noon
            )
        services.attribute_update(attribute=attribute, type="choice", by=lead, now=noon)

        attribute.refresh_from_db()
        assert attribute.type == "choice"

    @pytest.mark.parametrize(
        ("type_", "told", "kept"),
        [
            ("date", ["2030-1-5", "2030-01-05", "05.01.2030"], ["2030-01-05"] * 3),
            ("number", ["12", "12.5", "1,200"], [12, 12.5, 1200]),
            ("boolean", ["yes", "0", "true"], [True, False, True]),
            ("list", ["a; b", "a", "c"], [["a", "b"], ["a"], ["c"]]),
        ],
    )
    def test_values_that_arrived_as_text_become_what_they_are(self, lead, noon, type_, told, kept):
        attribute = AttributeFactory(key="told", is_defined=False)
        people = [ContactFactory(attributes={"told": text, "city": "Bonn"}) for text in told]
        gone = ContactFactory(attributes={"told": told[0]}, erased_at=noon, merged_into=people[0].pk)

        with pytest.raises(ValidationError) as asked:
            services.attribute_update(attribute=attribute, type=type_, by=lead, now=noon)
        services.attribute_update(attribute=attribute, type=type_, is_converted=True, by=lead, now=noon)

        assert list(asked.value.message_dict) == ["is_converted"]
        assert "4 have a value" in asked.value.message_dict["is_converted"][0]
        found = [Contact.objects.get(pk=one.pk).attributes for one in [*people, gone]]
        assert found == [{"told": value, "city": "Bonn"} for value in kept] + [{"told": kept[0]}]

    def test_values_under_an_index_keep_their_type(self, lead, noon):
        attribute = AttributeFactory(key="visits", type="number", is_indexed=True, index_built_at=noon)
        ContactFactory(attributes={"visits": 12})

        with pytest.raises(ValidationError, match="has an index by its type"):
            services.attribute_update(attribute=attribute, type="text", is_converted=True, by=lead, now=noon)

    def test_values_of_what_a_segment_asks_for_keep_their_type(self, lead, noon):
        attribute = AttributeFactory(key="visits")
        person = ContactFactory(attributes={"visits": "12"})
        SegmentFactory(name="Guests", rule={"attribute": "visits", "op": "contains", "value": "1"})

        with pytest.raises(ValidationError, match="it is used by Segment “Guests”"):
            services.attribute_update(
                attribute=attribute, type="number", is_converted=True, by=lead, now=noon
            )

        person.refresh_from_db()
        assert person.attributes == {"visits": "12"}

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
    def test_what_an_import_wrote_by_the_old_type_is_read_anew(self, lead, noon):
        attribute = AttributeFactory(key="visits")
        ContactFactory(attributes={"visits": "12"})
        services.attribute_update(attribute=attribute, type="number", is_converted=True, by=lead, now=noon)
        late, misfit = (ContactFactory(attributes={"visits": text}) for text in ("7", "many"))

        services.attributes_settle(now=noon)

        assert Contact.objects.get(pk=late.pk).attributes == {"visits": 7}
        assert Contact.objects.get(pk=misfit.pk).attributes == {}

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
        assert (broken.index_fault, broken.index_due_at) == (
            "Some values are not of the type “Number”, so they cannot be put in order.",
            noon + timedelta(hours=1),
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [index_name("age")])
            assert cursor.fetchone() == (None,)
        contact.delete()
        services.attributes_settle(now=noon + timedelta(minutes=59))
        assert not built("age")
        services.attribute_index_again(attribute=broken, by=lead, now=noon)
        services.attributes_settle(now=noon)
        broken.refresh_from_db()
        assert (built("age"), broken.index_fault, broken.index_due_at) == (True, "", None)
        for attribute in (broken, sound):
            services.attribute_update(attribute=attribute, is_indexed=False, by=lead, now=noon)
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
class TestUndescribed:
    @pytest.fixture
    def arrived(self):
        """Three keys that arrived by themselves; one is called nearly like what somebody has described."""
        AttributeFactory(key="last_order_date", label="Last order")
        return [
            AttributeFactory(key=key, label=key, is_defined=False)
            for key in ("shoe_size", "last_order_dates", "shoe_sizes")
        ]

    def test_are_adopted_together_but_for_what_may_mean_the_same(self, arrived, lead, noon):
        described = AttributeFactory(key="city", label="City")

        tidied = services.attributes_adopt(
            ids=[described.pk, *(one.pk for one in arrived), 10**9], by=lead, now=noon
        )

        assert [one.key for one in tidied.done] == ["shoe_size"]
        assert [str(left) for left in tidied.left] == [
            "“City”: It is described already.",
            "“last_order_dates”: It may mean the same as “Last order”. Open it to decide.",
            "“shoe_sizes”: It may mean the same as “shoe_size”. Open it to decide.",
        ]
        assert set(Attribute.objects.filter(is_defined=False)) == set(arrived[1:])
        assert AuditEvent.objects.filter(action="attribute.changed").count() == 1

    def test_are_all_adopted_where_each_means_something_else(self, arrived, lead, noon):
        tidied = services.attributes_adopt(ids=[one.pk for one in arrived], is_other=True, by=lead, now=noon)

        assert (len(tidied.done), tidied.left) == (3, [])

    def test_are_taken_away_together_but_for_what_is_used_or_described(self, arrived, lead, noon):
        described = AttributeFactory(key="city", label="City")
        SegmentFactory(name="Big feet", rule={"attribute": "shoe_size", "op": "exists"})

        tidied = services.attributes_remove(
            ids=[described.pk, *(one.pk for one in arrived)], by=lead, now=noon
        )

        assert {one.key for one in tidied.done} == {"last_order_dates", "shoe_sizes"}
        assert [left.attribute.key for left in tidied.left] == ["city", "shoe_size"]
        assert "is used by Segment “Big feet”" in tidied.left[1].reason

    @pytest.mark.parametrize("ids", [[], range(1, 202)])
    def test_are_none_or_too_many(self, ids, lead, noon):
        for act in (services.attributes_adopt, services.attributes_remove):
            with pytest.raises(DomainError, match=r"Tick at least one|At most 200 at once"):
                act(ids=ids, by=lead, now=noon)


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

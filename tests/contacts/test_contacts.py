from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from apps.collaboration.models import AuditEvent
from apps.contacts import attributes as keys
from apps.contacts import selectors, services
from apps.contacts.addresses import address_hash
from apps.contacts.models import Attribute, Contact, Identity
from apps.contacts.services import contacts as contact_services
from tests.factories.contacts import AttributeFactory, ContactFactory, IdentityFactory

pytestmark = pytest.mark.django_db


class TestContactCreate:
    def test_a_contact_is_known_by_address_and_identities(self, lead, noon):
        contact = services.contact_create(
            email="Ann@Example.com", phone="+49 170 123456", identities=[("crm", "4711")], by=lead, now=noon
        )

        assert (contact.email, contact.phone) == ("ann@example.com", "+49170123456")
        assert contact.email_hash == address_hash("ann@example.com")
        assert contact.phone_hash == address_hash("+49170123456")
        assert set(contact.identities.values_list("namespace", "value")) == {
            ("email", "ann@example.com"),
            ("crm", "4711"),
        }
        assert AuditEvent.objects.get().action == "contact.created"

    def test_attributes_are_kept_by_their_type(self, lead, noon):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)

        contact = services.contact_create(
            email="ann@example.com", attributes={"visits": "3"}, by=lead, now=noon
        )

        contact.refresh_from_db()
        assert contact.attributes == {"visits": 3}

    def test_unknown_keys_without_number_are_refused(self, lead, noon, monkeypatch):
        monkeypatch.setattr(keys, "MAX_UNDESCRIBED", 2)
        told = {"email": "ann@example.com", "attributes": {f"key_{n}": n for n in range(3)}}

        with pytest.raises(contact_services.DictionaryFull):
            services.contact_create(**told, by=lead, now=noon)
        with pytest.raises(contact_services.DictionaryFull):
            services.contacts_upsert(key="email", contacts=[services.ContactIn(**told)], by=lead, now=noon)

        assert not Contact.objects.exists()
        assert not Attribute.objects.exists()

    def test_an_unknown_key_is_kept_and_flagged(self, lead, noon):
        contact = services.contact_create(
            email="ann@example.com", attributes={"shoe_size": 44}, by=lead, now=noon
        )

        entry = Attribute.objects.get()
        assert contact.attributes == {"shoe_size": 44}
        assert (entry.key, entry.type, entry.is_defined) == ("shoe_size", "number", False)

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({}, "email"),
            ({"email": "ann"}, "email"),
            ({"email": "ann@example.com", "phone": "x"}, "phone"),
            ({"email": "ann@example.com", "identities": [("crm", "")]}, "identities"),
            ({"email": "ann@example.com", "attributes": {"visits": "x"}}, "attributes.visits"),
            ({"email": "ann@example.com", "attributes": {"Shoe Size": 1}}, "attributes.Shoe Size"),
            ({"email": "ann@example.com", "attributes": {"other": {"a": 1}}}, "attributes.other"),
        ],
    )
    def test_what_cannot_be_kept_is_refused_by_field(self, lead, noon, given, field):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)

        with pytest.raises(ValidationError) as refusal:
            services.contact_create(by=lead, now=noon, **given)

        assert list(refusal.value.message_dict) == [field]
        assert not Contact.objects.exists()
        assert Attribute.objects.get().key == "visits"

    def test_a_key_that_somebody_else_describes_at_the_same_time_is_of_their_type(self, lead, noon, rival):
        rival(contact_services, "number")

        with pytest.raises(ValidationError) as refusal:
            services.contact_create(email="ann@example.com", attributes={"score": "high"}, by=lead, now=noon)

        assert list(refusal.value.message_dict) == ["attributes.score"]
        assert not Contact.objects.exists()

    def test_a_key_that_is_being_taken_away_takes_no_values(self, lead, noon):
        AttributeFactory(key="score", removed_at=noon)

        with pytest.raises(ValidationError, match="just being taken away"):
            services.contact_create(email="ann@example.com", attributes={"score": "high"}, by=lead, now=noon)

        assert not Contact.objects.exists()

    def test_nobody_is_made_twice(self, lead, noon):
        ContactFactory(email="ann@example.com")

        with pytest.raises(services.ContactExists):
            services.contact_create(email="ANN@example.com", by=lead, now=noon)

        assert Contact.objects.get().email == "ann@example.com"


class TestContactUpdate:
    def test_only_what_is_given_changes(self, lead, noon):
        for key in ("country", "plan"):
            AttributeFactory(key=key)
        contact = ContactFactory(phone="+49170123456", attributes={"country": "DE", "plan": "gold"})

        services.contact_update(contact=contact, attributes={"country": "FR", "plan": ""}, by=lead, now=noon)

        contact.refresh_from_db()
        assert contact.attributes == {"country": "FR"}
        assert contact.phone == "+49170123456"
        assert AuditEvent.objects.get().details == {"fields": ["attributes.country", "attributes.plan"]}

    def test_a_number_changes_with_its_hash(self, lead, noon):
        contact = ContactFactory(phone="+49170123456")

        changed = services.contact_update(contact=contact, phone="+49 170 99", by=lead, now=noon)
        assert (changed.phone, changed.phone_hash) == ("+4917099", address_hash("+4917099"))
        changed = services.contact_update(contact=contact, phone="", by=lead, now=noon)
        assert (changed.phone, changed.phone_hash) == ("", None)

    def test_numbers_from_before_there_were_hashes_get_theirs(self):
        module = import_module("apps.contacts.migrations.0005_contact_phone_hashes")
        old = ContactFactory(phone="+49170123456", phone_hash=None)
        ContactFactory()

        module.hash_phones(apps, None)
        module.hash_phones(apps, None)

        old.refresh_from_db()
        assert bytes(old.phone_hash) == address_hash("+49170123456")
        assert Contact.objects.filter(phone_hash__isnull=True).count() == 1

    def test_a_new_address_is_one_more_identity(self, lead, noon):
        contact = ContactFactory(email="old@example.com")

        services.contact_update(contact=contact, email="New@example.com", by=lead, now=noon)

        contact.refresh_from_db()
        assert contact.email == "new@example.com"
        assert contact.email_hash == address_hash("new@example.com")
        assert set(contact.identities.values_list("value", flat=True)) == {
            "old@example.com",
            "new@example.com",
        }

    def test_the_address_of_somebody_else_is_refused(self, lead, noon):
        IdentityFactory(contact=ContactFactory(), value="taken@example.com")
        contact = ContactFactory(email="ann@example.com")

        with pytest.raises(services.ContactExists):
            services.contact_update(contact=contact, email="taken@example.com", by=lead, now=noon)

        contact.refresh_from_db()
        assert contact.email == "ann@example.com"

    def test_the_same_again_changes_nothing(self, lead, noon):
        contact = ContactFactory(attributes={})
        before = contact.updated_at

        services.contact_update(contact=contact, email=contact.email, by=lead, now=noon)

        contact.refresh_from_db()
        assert contact.updated_at == before
        assert not AuditEvent.objects.exists()


class TestContactsAsData:
    def test_gives_plain_data_in_one_query(self, django_assert_num_queries):
        ann = ContactFactory(email="ann@example.com", attributes={"plan": "gold", "email": "forged"})
        bob = ContactFactory(email="bob@example.com", phone="+49170123456")

        with django_assert_num_queries(1):
            data = selectors.contacts_as_data([ann.pk, bob.pk, 0])

        assert data == {
            ann.pk: {"id": ann.pk, "email": "ann@example.com", "phone": "", "plan": "gold"},
            bob.pk: {"id": bob.pk, "email": "bob@example.com", "phone": "+49170123456"},
        }

    def test_leaves_out_the_erased(self, noon):
        contact = ContactFactory(erased_at=noon)

        assert selectors.contacts_as_data([contact.pk]) == {}


def test_identities_are_unique_in_the_database(lead, noon):
    ContactFactory(email="ann@example.com")

    assert Identity.objects.get(value="ann@example.com").namespace == "email"

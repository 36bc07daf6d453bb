"""What a foreign key would promise, kept by triggers that ask once a statement (migration 0016)."""

import threading

import pytest
from django.db import IntegrityError, connection, connections, transaction

from apps.contacts.models import Contact, Identity
from apps.core import clock
from tests.factories.contacts import ContactFactory


def named(contact_id, *values):
    Identity.objects.bulk_create(
        Identity(contact_id=contact_id, namespace="crm", value=value, created_at=clock.now())
        for value in values
    )


@pytest.mark.django_db
class TestIdentity:
    def test_of_nobody_is_refused(self):
        with pytest.raises(IntegrityError, match="needs a contact"), transaction.atomic():
            named(2**40, "1", "2")

        assert not Identity.objects.filter(namespace="crm").exists()

    def test_may_belong_to_a_contact_of_the_same_statement(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH named AS ("
                "  INSERT INTO contacts_identity (contact_id, namespace, value, created_at)"
                "  VALUES (77, 'crm', '1', now())"
                ") INSERT INTO contacts_contact (id, created_at, updated_at) VALUES (77, now(), now())"
            )

        assert Identity.objects.get(namespace="crm").contact_id == 77

    def test_is_not_moved_to_nobody(self):
        named(ContactFactory().pk, "1")

        with pytest.raises(IntegrityError, match="needs a contact"), transaction.atomic():
            Identity.objects.filter(namespace="crm").update(contact_id=2**40)

    def test_keeps_its_contact_from_being_deleted(self):
        contact = ContactFactory()

        with pytest.raises(IntegrityError, match="still has identities"), transaction.atomic():
            Contact.objects.filter(pk=contact.pk)._raw_delete("default")

        contact.delete()
        assert not Identity.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_contact_is_not_deleted_while_somebody_gives_it_a_name():
    contact = Contact.objects.create()
    failed = []

    def delete():
        try:
            Contact.objects.filter(pk=contact.pk)._raw_delete("default")
        except IntegrityError as error:
            failed.append(str(error))
        finally:
            connections.close_all()

    with transaction.atomic():
        named(contact.pk, "1")
        other = threading.Thread(target=delete)
        other.start()
        other.join(0.5)
        assert other.is_alive(), "it did not wait"
    other.join(10)

    assert "still has identities" in failed[0]
    assert Contact.objects.filter(pk=contact.pk).exists()

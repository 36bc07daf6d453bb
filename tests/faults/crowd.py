"""A message to many, made in sets: what factories would take minutes for."""

from django.db import connection, transaction

from apps.contacts.addresses import address_hash
from apps.contacts.models import Consent, Contact
from apps.core import clock
from apps.messaging.models import Recipient
from tests.factories.messaging import MessageFactory


@transaction.atomic
def message_to(people, **fields):
    """Return a running message with so many in line, who may all be written to; as a launch, at once."""
    message = MessageFactory(launched=True, **fields)
    now = clock.now()
    addresses = [f"reader-{message.pk}-{number}@example.com" for number in range(people)]
    contacts = Contact.objects.bulk_create(
        [Contact(email=address, email_hash=address_hash(address)) for address in addresses], batch_size=5000
    )
    Consent.objects.bulk_create(
        [Consent(contact=one, channel="email", status="subscribed", changed_at=now) for one in contacts],
        batch_size=5000,
    )
    Recipient.objects.bulk_create(
        [
            Recipient(message=message, contact=one, address=one.email, state="queued", due_at=now)
            for one in contacts
        ],
        batch_size=5000,
    )
    if people > 1_000:  # what a launch of that size is followed by, sooner or later
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE messaging_recipient, contacts_contact, contacts_consent")
    return message

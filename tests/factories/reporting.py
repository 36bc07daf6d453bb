"""A launched message with its ledger, written as rows: the results read rows, whoever wrote them."""

from datetime import UTC, datetime, timedelta

from apps.campaigns.models import Channel
from apps.contacts.models import Event
from apps.content.models import Template, TemplateVersion
from apps.core.partitions import month_of, month_partition_ensure
from apps.messaging.models import DeliveryEvent, Message, Recipient, Sender
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import ContactFactory

# Half a day before the tests' noon of 1 March 2030.
DUE = datetime(2030, 3, 1, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def message_launched(*, campaign=None, due_at=DUE, sent=0, holdout=0, control=0, name="First"):
    """Return a finished message with so many people in each arm; mails left a minute later."""
    campaign = campaign or CampaignFactory()
    channel, _ = Channel.objects.get_or_create(campaign=campaign, kind="email")
    template = Template.objects.create(name=name, edited_at=due_at)
    version = TemplateVersion.objects.create(
        template=template, number=1, subject="x", mjml="x", html="x", at=due_at
    )
    sender, _ = Sender.objects.get_or_create(email="shop@example.com", defaults={"name": "Shop"})
    message = Message.objects.create(
        campaign=campaign,
        channel=channel,
        name=name,
        sender=sender,
        template=template,
        template_version=version,
        state=Message.State.FINISHED,
        launched_at=due_at,
        finished_at=due_at + MINUTE,
    )
    for _each in range(sent):
        recipient_add(message)
    for _each in range(holdout):
        recipient_add(message, state="excluded", reason="holdout")
    for _each in range(control):
        recipient_add(message, state="excluded", reason="control")
    return message


def recipient_add(message, *, contact=None, state="sent", reason=""):
    """Add a row to the ledger of a message."""
    contact = contact or ContactFactory()
    return Recipient.objects.create(
        message=message,
        contact=contact,
        address=contact.email,
        state=state,
        reason=reason,
        due_at=message.launched_at,
        finished_at=message.launched_at + MINUTE,
    )


def event_add(recipient, name, *, after, received_at=None, **properties):
    """Record that the person did something so long after the message was due; it came at once or later."""
    at = recipient.message.launched_at + after
    month_partition_ensure("contacts_event", month_of(at))
    return Event.objects.create(
        contact=recipient.contact,
        name=name,
        occurred_at=at,
        received_at=received_at or at,
        properties=properties,
    )


def hit_add(recipient, kind, *, machine_reason="", after=MINUTE):
    """Record what happened to a mail so long after it was sent."""
    at = recipient.finished_at + after
    month_partition_ensure("messaging_deliveryevent", month_of(at))
    return DeliveryEvent.objects.create(
        recipient=recipient,
        message=recipient.message,
        contact=recipient.contact,
        kind=kind,
        at=at,
        machine_reason=machine_reason,
    )

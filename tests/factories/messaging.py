from datetime import UTC, datetime, time

import factory

from apps.messaging.models import (
    DeliveryReport,
    DomainFigure,
    FrequencyCap,
    Message,
    QuietHours,
    Recipient,
    Sender,
    SendingDomain,
    SendingPolicy,
    Settlement,
    Verdict,
)
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, CampaignFactory
from tests.factories.contacts import ContactFactory
from tests.factories.content import TemplateFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class SenderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Sender

    name = "Shop"
    email = factory.Sequence(lambda n: f"news-{n}@shop.example")


class MessageFactory(factory.django.DjangoModelFactory):
    """A draft to everyone that is fit to launch."""

    class Meta:
        model = Message
        skip_postgeneration_save = True

    class Params:
        launched = factory.Trait(
            state=Message.State.RUNNING,
            launched_at=LONG_AGO,
            template_version=factory.LazyAttribute(lambda message: message.template.versions.get()),
        )

    campaign = factory.SubFactory(CampaignFactory)
    channel = factory.LazyAttribute(lambda message: message.campaign.channels.get())
    name = factory.Sequence(lambda n: f"Message {n}")
    sender = factory.SubFactory(SenderFactory)
    template = factory.SubFactory(TemplateFactory)

    @factory.post_generation
    def segments(self, create, extracted, **kwargs):
        if extracted is not False:
            self.segments.set(extracted or [AudienceFactory()])


class RecipientFactory(factory.django.DjangoModelFactory):
    """Someone in line to be written to, now."""

    class Meta:
        model = Recipient

    message = factory.SubFactory(MessageFactory, launched=True)
    contact = factory.SubFactory(ContactFactory)
    address = factory.SelfAttribute("contact.email")
    state = Recipient.State.QUEUED
    due_at = LONG_AGO


class SendingPolicyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SendingPolicy

    id = 1


class FrequencyCapFactory(factory.django.DjangoModelFactory):
    """At most one message a day, whatever it is."""

    class Meta:
        model = FrequencyCap

    most = 1


class DeliveryReportFactory(factory.django.DjangoModelFactory):
    """A hard bounce of a mail that had been sent."""

    class Meta:
        model = DeliveryReport

    recipient = factory.SubFactory(RecipientFactory, state=Recipient.State.SENT, finished_at=LONG_AGO)
    message = factory.LazyAttribute(lambda report: report.recipient and report.recipient.message)
    contact = factory.LazyAttribute(lambda report: report.recipient and report.recipient.contact)
    event_key = factory.Sequence(lambda n: n.to_bytes(32))
    source = DeliveryReport.Source.MAIL
    verdict = Verdict.HARD
    status = "5.1.1"
    at = LONG_AGO


class SendingDomainFactory(factory.django.DjangoModelFactory):
    """A domain that nobody has looked at yet. Its key is made up, so nothing can be signed with it."""

    class Meta:
        model = SendingDomain

    name = factory.Sequence(lambda n: f"shop-{n}.example")
    public_key = "MIIB"
    private_key = "sealed"


class QuietHoursFactory(factory.django.DjangoModelFactory):
    """Over night."""

    class Meta:
        model = QuietHours

    starts = time(21)
    ends = time(8)


class DomainFigureFactory(factory.django.DjangoModelFactory):
    """A thousand mails of one message that arrived."""

    class Meta:
        model = DomainFigure

    message = factory.SubFactory(MessageFactory, launched=True)
    sending_domain = "shop.example"
    domain = "gmail.com"
    sent = 1000
    hard = soft = ours = complained = unknown = 0
    refreshed_at = LONG_AGO


class SettlementFactory(factory.django.DjangoModelFactory):
    """Somebody has looked, and does not know either."""

    class Meta:
        model = Settlement

    recipient = factory.SubFactory(RecipientFactory, state=Recipient.State.UNKNOWN, finished_at=LONG_AGO)
    contact = factory.SelfAttribute("recipient.contact")
    message = factory.SelfAttribute("recipient.message")
    verdict = Settlement.Verdict.LEFT
    reason = "Their server keeps no log."
    by = factory.SubFactory(UserFactory)
    at = LONG_AGO

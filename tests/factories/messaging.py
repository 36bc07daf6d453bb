import json
from datetime import UTC, date, datetime, time

import factory

from apps.core import secrets
from apps.messaging.models import (
    DeliveryReport,
    DomainFigure,
    Experiment,
    FrequencyCap,
    Message,
    Provider,
    QuietHours,
    RateLimit,
    RateTally,
    Recipient,
    RefusalFigure,
    Sender,
    SendingDomain,
    SendingPolicy,
    Settlement,
    Variant,
    Verdict,
    WarmUp,
    hook_hash,
)
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, CampaignFactory
from tests.factories.contacts import ContactFactory
from tests.factories.content import TemplateFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class ProviderFactory(factory.django.DjangoModelFactory):
    """An account with Postmark; calls come in under `secret`."""

    class Meta:
        model = Provider

    class Params:
        secret = factory.Sequence(lambda n: f"secret-{n}")
        told = factory.LazyFunction(lambda: {"server_token": "token"})

    name = factory.Sequence(lambda n: f"Provider {n}")
    kind = "postmark"
    credentials = factory.LazyAttribute(lambda provider: secrets.seal(json.dumps(provider.told)))
    hook_secret = factory.LazyAttribute(lambda provider: secrets.seal(provider.secret))
    hook_hash = factory.LazyAttribute(lambda provider: hook_hash(provider.secret))


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


class RefusalFigureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RefusalFigure

    message = factory.SubFactory(MessageFactory, launched=True)
    sending_domain = "shop.example"
    domain = "gmail.com"
    code = "550 5.1.1"
    count = 1
    sample = other_sample = "550 5.1.1 no such user"


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


class RateLimitFactory(factory.django.DjangoModelFactory):
    """Two mails in any hour, of one sender."""

    class Meta:
        model = RateLimit

    sender = factory.SubFactory(SenderFactory)
    most = 2


class WarmUpFactory(factory.django.DjangoModelFactory):
    """Two mails on the first day and three on the second, by the clock of UTC; `noon` is on the first."""

    class Meta:
        model = WarmUp

    sender = factory.SubFactory(SenderFactory)
    starts_on = date(2026, 3, 2)
    ceilings = factory.LazyFunction(lambda: [2, 3])


class RateTallyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RateTally

    key = factory.Sequence(lambda n: f"limit:{n}")


class ExperimentFactory(factory.django.DjangoModelFactory):
    """A draft that tries a second subject on half of its people; the plainly better one goes to the rest."""

    class Meta:
        model = Experiment
        skip_postgeneration_save = True

    message = factory.SubFactory(MessageFactory)
    sample_percent = 50
    metric = Experiment.Metric.CLICKED
    wait_minutes = 60

    @factory.post_generation
    def subjects(self, create, extracted, **kwargs):
        for number, subject in enumerate(["", *(extracted or ["Summer is near"])]):
            VariantFactory(experiment=self, number=number, subject=subject)


class VariantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Variant

    experiment = factory.SubFactory(ExperimentFactory)
    number = 2

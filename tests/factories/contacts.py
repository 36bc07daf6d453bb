from datetime import timedelta

import factory
from django.db.models.functions import Now

from apps.contacts import services
from apps.contacts.addresses import address_hash
from apps.contacts.models import (
    Attribute,
    Channel,
    Company,
    CompanyMember,
    Confirmation,
    Consent,
    ConsentStatus,
    Contact,
    EventType,
    Identity,
    ImportFile,
    ImportMapping,
    QualityMend,
    QualityPair,
    QualityScan,
    Suppression,
    System,
    SystemLink,
    Topic,
)


class AttributeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Attribute

    key = factory.Sequence(lambda n: f"attribute_{n}")
    label = factory.LazyAttribute(lambda attribute: attribute.key.replace("_", " ").capitalize())
    type = Attribute.Type.TEXT


class IdentityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Identity

    contact = factory.SubFactory("tests.factories.contacts.ContactFactory")
    namespace = Identity.EMAIL
    value = factory.Sequence(lambda n: f"other-{n}@example.com")
    created_at = Now()


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    contact = factory.SubFactory("tests.factories.contacts.ContactFactory", consent=False)
    channel = Channel.EMAIL
    status = ConsentStatus.SUBSCRIBED
    changed_at = Now()


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    key = factory.Sequence(lambda n: f"topic_{n}")
    name = factory.LazyAttribute(lambda topic: topic.key.replace("_", " ").capitalize())


class ContactFactory(factory.django.DjangoModelFactory):
    """A person with an address who may be written to; `consent=False` is one who never said so."""

    class Meta:
        model = Contact
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"contact-{n}@example.com")
    email_hash = factory.LazyAttribute(lambda contact: address_hash(contact.email) if contact.email else None)
    phone = ""
    phone_hash = factory.LazyAttribute(lambda contact: address_hash(contact.phone) if contact.phone else None)

    @factory.post_generation
    def identity(self, create, extracted, **kwargs):
        if self.email:
            IdentityFactory(contact=self, value=self.email)

    @factory.post_generation
    def consent(self, create, extracted, **kwargs):
        # post_generation gives None both for "not said" and for None, so absence is said as False.
        if extracted is not False:
            ConsentFactory(contact=self, status=extracted or ConsentStatus.SUBSCRIBED, **kwargs)


class SuppressionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Suppression

    class Params:
        address = factory.Sequence(lambda n: f"gone-{n}@example.com")

    channel = Channel.EMAIL
    address_hash = factory.LazyAttribute(lambda suppression: address_hash(suppression.address))
    reason = Suppression.Reason.BY_HAND
    at = Now()


class ConfirmationFactory(factory.django.DjangoModelFactory):
    """A question that was mailed and waits for its answer."""

    class Meta:
        model = Confirmation

    contact = factory.SubFactory(ContactFactory, consent=ConsentStatus.PENDING)
    channel = Channel.EMAIL
    address_hash = factory.LazyAttribute(lambda confirmation: address_hash(confirmation.contact.email))
    basis = "asked at the fair"
    wording = "I want to get e-mails."
    asked_at = Now()
    mailed_at = Now()
    sent_at = Now()
    expires_at = Now() + timedelta(days=7)


class EventTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EventType

    name = factory.Sequence(lambda n: f"event_{n}")
    first_seen_at = Now()
    last_seen_at = Now()


class ImportMappingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportMapping

    name = factory.Sequence(lambda n: f"Export {n}")
    columns = ["E-Mail"]
    mapping = {"E-Mail": "email"}
    key = "email"


class ImportFileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportFile

    file_name = "people.csv"


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Company {n}")


class CompanyMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CompanyMember

    contact = factory.SubFactory(ContactFactory)
    company = factory.SubFactory(CompanyFactory)


class QualityScanFactory(factory.django.DjangoModelFactory):
    """A scan that came to its end and found nothing; `rules` are those that were on."""

    class Meta:
        model = QualityScan

    state = QualityScan.State.DONE
    rules = factory.LazyFunction(services.rules_on)
    asked_at = Now()
    started_at = Now()
    finished_at = Now()
    faultless = 0
    score = 100


class QualityPairFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = QualityPair

    contact = factory.SubFactory(ContactFactory)
    other = factory.SubFactory(ContactFactory)
    reason = QualityPair.Reason.PHONE_NAME
    likeness = 95
    scan = factory.SubFactory(QualityScanFactory)


class QualityMendFactory(factory.django.DjangoModelFactory):
    """One that came to its end."""

    class Meta:
        model = QualityMend

    scan = factory.SubFactory(QualityScanFactory)
    rule = "suspicious_names"
    act = "names_tidy"
    keys = ["first_name", "last_name"]
    state = QualityMend.State.DONE
    started_at = Now()
    finished_at = Now()


class SystemFactory(factory.django.DjangoModelFactory):
    """A system that sends something every day."""

    class Meta:
        model = System

    name = factory.Sequence(lambda n: f"System {n}")
    kind = System.Kind.CRM
    direction = System.Direction.IN
    cadence = System.Cadence.DAILY


class SystemLinkFactory(factory.django.DjangoModelFactory):
    """A link to a saved mapping of columns, unless the test says to what."""

    class Meta:
        model = SystemLink

    system = factory.SubFactory(SystemFactory)
    kind = "import_mapping"
    object_id = factory.LazyFunction(lambda: ImportMappingFactory().pk)
    at = Now()

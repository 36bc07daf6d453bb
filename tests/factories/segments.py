import factory
from django.utils import timezone

from apps.segments.models import ContactList, Definition, DefinitionVersion, Segment
from tests.factories.accounts import UserFactory
from tests.factories.contacts import AttributeFactory


class SegmentFactory(factory.django.DjangoModelFactory):
    """Everyone, unless a rule is given."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Segment {n}")
    rule = factory.LazyFunction(lambda: {"all": []})


class ContactListFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactList

    name = factory.Sequence(lambda n: f"List {n}")


class DefinitionFactory(factory.django.DjangoModelFactory):
    """Computed of everyone, with version 1 in force: approved by another than who proposed it."""

    class Meta:
        model = Definition
        skip_postgeneration_save = True

    attribute = factory.SubFactory(AttributeFactory, type="boolean", is_computed=True)
    by = factory.SubFactory(UserFactory)
    version = factory.RelatedFactory(
        "tests.factories.segments.DefinitionVersionFactory", "definition", state="in_force"
    )


class DefinitionVersionFactory(factory.django.DjangoModelFactory):
    """Proposed, unless it has another state; what is decided was decided by somebody else."""

    class Meta:
        model = DefinitionVersion

    class Params:
        is_decided = factory.LazyAttribute(lambda version: version.state != "proposed")

    definition = factory.SubFactory(DefinitionFactory)
    number = factory.LazyAttribute(lambda version: version.definition.versions.count() + 1)
    rule = factory.LazyFunction(lambda: {"all": []})
    reason = "As the team counts"
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)
    state = "proposed"
    decided_by = factory.Maybe("is_decided", factory.SubFactory(UserFactory), None)
    decided_at = factory.Maybe("is_decided", factory.LazyFunction(timezone.now), None)

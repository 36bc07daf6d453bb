import factory

from apps.segments.models import ContactList, Segment


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

import factory

from apps.accounts import tokens
from apps.integrations.models import Source


class SourceFactory(factory.django.DjangoModelFactory):
    """A source whose write key the test knows."""

    class Meta:
        model = Source

    class Params:
        key = factory.Sequence(lambda n: f"bkw_test{n}")

    name = factory.Sequence(lambda n: f"Shop {n}")
    prefix = factory.LazyAttribute(lambda source: source.key[:10])
    digest = factory.LazyAttribute(lambda source: tokens.digest(source.key))

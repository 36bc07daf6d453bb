from datetime import UTC, datetime

import factory

from apps.accounts import tokens
from apps.integrations.models import IdentityScheme, Source


class IdentitySchemeFactory(factory.django.DjangoModelFactory):
    """The scheme that is chosen; made again, it is the same."""

    class Meta:
        model = IdentityScheme
        django_get_or_create = ("id",)

    id = 1
    namespace = "user"
    at = datetime(2020, 1, 1, tzinfo=UTC)


class SourceFactory(factory.django.DjangoModelFactory):
    """A source whose write key the test knows, and may be heard; `scheme=False` where nothing is chosen."""

    class Meta:
        model = Source
        skip_postgeneration_save = True

    class Params:
        key = factory.Sequence(lambda n: f"bkw_test{n}")

    name = factory.Sequence(lambda n: f"Shop {n}")
    prefix = factory.LazyAttribute(lambda source: source.key[:10])
    digest = factory.LazyAttribute(lambda source: tokens.digest(source.key))

    @factory.post_generation
    def scheme(self, create, extracted, **kwargs):
        if extracted is not False:
            IdentitySchemeFactory()

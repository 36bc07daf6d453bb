from datetime import UTC, datetime, timedelta

import factory

from apps.accounts import tokens
from apps.accounts.models import ApiToken, HandOver, Invitation, User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user-{n}@bookend.example")


class ApiTokenFactory(factory.django.DjangoModelFactory):
    """A token that may do all its user may. `ApiTokenFactory(secret=…)` when a test sends it."""

    class Meta:
        model = ApiToken

    class Params:
        secret = factory.LazyFunction(tokens.api_token_new)

    user = factory.SubFactory(UserFactory)
    name = "Shop"
    prefix = factory.LazyAttribute(lambda token: token.secret[: tokens.SHOWN])
    digest = factory.LazyAttribute(lambda token: tokens.digest(token.secret))
    created_at = datetime(2030, 1, 1, tzinfo=UTC)


class InvitationFactory(factory.django.DjangoModelFactory):
    """An invitation that went out yesterday, seen from the tests' noon. `secret=…` when a test follows it."""

    class Meta:
        model = Invitation

    class Params:
        secret = factory.LazyFunction(tokens.link_new)

    email = factory.Sequence(lambda n: f"invited-{n}@bookend.example")
    role = User.Role.MARKETER
    digest = factory.LazyAttribute(lambda invitation: tokens.digest(invitation.secret))
    invited_by = factory.SubFactory(UserFactory, role=User.Role.ADMINISTRATOR)
    created_at = datetime(2030, 2, 28, 12, 0, tzinfo=UTC)
    sent_at = factory.SelfAttribute("created_at")
    expires_at = factory.LazyAttribute(lambda invitation: invitation.created_at + timedelta(days=7))


class HandOverFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HandOver

    giver = factory.SubFactory(UserFactory)
    taker = factory.SubFactory(UserFactory)
    kind = "tasks"
    by = factory.SubFactory(UserFactory)
    at = datetime(2030, 2, 20, 9, 0, tzinfo=UTC)

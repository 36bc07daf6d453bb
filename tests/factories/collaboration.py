from datetime import UTC, datetime

import factory

from apps.collaboration.models import (
    Attachment,
    AuditEvent,
    Comment,
    Mention,
    Notification,
    NotificationSettings,
    SavedView,
)
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory

LATELY = datetime(2030, 3, 1, 11, 50, tzinfo=UTC)


class AuditEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditEvent

    at = LATELY
    by = factory.SubFactory(UserFactory)
    action = "campaign.created"
    subject = factory.Sequence(lambda n: f"campaigns.campaign:{n}")
    label = "Spring"


class CommentFactory(factory.django.DjangoModelFactory):
    """A comment on a campaign, ten minutes before the tests' noon."""

    class Meta:
        model = Comment

    subject = factory.SubFactory(CampaignFactory)
    by = factory.SubFactory(UserFactory)
    at = LATELY
    text = "Let us start earlier."


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A short text attached to a campaign; its file is really there."""

    class Meta:
        model = Attachment

    subject = factory.SubFactory(CampaignFactory)
    by = factory.SubFactory(UserFactory)
    at = LATELY
    name = "brief.txt"
    media_type = "text/plain"
    size = 5
    file = factory.django.FileField(filename="brief.txt", data=b"Brief")


class MentionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Mention

    comment = factory.SubFactory(CommentFactory)
    user = factory.SubFactory(UserFactory)


class NotificationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    text = "Your import is done."
    url = "/"
    at = LATELY


class SavedViewFactory(factory.django.DjangoModelFactory):
    """A view of the list of campaigns, for its owner alone."""

    class Meta:
        model = SavedView

    list_key = "campaigns:list"
    name = factory.Sequence(lambda n: f"View {n}")
    query = "stage=live"
    owner = factory.SubFactory(UserFactory)
    created_at = LATELY


class NotificationSettingsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = NotificationSettings

    user = factory.SubFactory(UserFactory)

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contacts.models.consent import Channel
from apps.core.models import TimeStamped


def email_only() -> list[str]:
    return [str(Channel.EMAIL)]


class TopicQuerySet(models.QuerySet["Topic"]):
    def on_channel(self, channel: Channel) -> Self:
        """Topics that are written about on this channel."""
        return self.filter(channels__contains=[channel])

    def public(self) -> Self:
        """Topics that people see and choose themselves."""
        return self.filter(is_public=True)


class Topic(TimeStamped):
    """
    What people can agree to be written to about.

    Consent rows, messages, imports and segment rules name it by `key`, which never changes. Keys that were
    in use before topics were described are kept letter by letter.
    """

    key = models.CharField(_("system name"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)  # what readers see
    description = models.CharField(_("description"), max_length=500, blank=True)
    channels = ArrayField(models.CharField(max_length=8, choices=Channel), default=email_only)
    is_public = models.BooleanField(_("public"), default=False)  # offered on the preference page
    position = models.PositiveIntegerField(_("position"), default=0)

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def channels_labels(self) -> list[str]:
        return [str(Channel(channel).label) for channel in self.channels]

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.version import FRAME, Versioned


class ChannelQuerySet(models.QuerySet["Channel"]):
    def shown(self) -> Self:
        """With what the page of a channel, within its campaign, shows beside it."""
        return self.select_related(*FRAME, "owner")


class Channel(Versioned):
    """One channel of a campaign, with the one person who owns that part."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SOCIAL = "social", _("Social")
        ADS = "ads", _("Ads")
        WEB = "web", _("Web")
        SMS = "sms", _("SMS")
        EVENTS = "events", _("Events")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(_("channel"), max_length=16, choices=Kind)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="owned_channels",
        verbose_name=_("channel owner"),
    )
    why = models.TextField(_("why this channel"), blank=True, max_length=2000)
    expected_result = models.CharField(_("expected result"), max_length=500, blank=True)
    # Why it is there although the year's list says that this channel is left alone.
    justification = models.TextField(_("why in spite of the strategy"), blank=True, max_length=2000)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind"],
                name="campaigns_channel_once",
                violation_error_message=_("This campaign has that channel already."),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Contributor(models.Model):
    """Someone who helps with a campaign: own tasks, comments, and a look at the whole."""

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="contributors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contributions")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="campaigns_contributor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.campaign_id}"

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.version import FRAME


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def shown(self) -> Self:
        """With what the page of a challenge, within its campaign, shows beside it."""
        return self.with_people().select_related(*FRAME)

    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)

    def about(self, thing: models.Model) -> Self:
        """Challenges of this very thing; those of a campaign are about one of its stages."""
        return self.filter(content_type=ContentType.objects.get_for_model(thing), object_id=thing.pk)

    def with_people(self) -> Self:
        return self.select_related("asked_by", "pursued_by", "resolved_by", "campaign")


class Challenge(models.Model):
    """
    A question that holds a thing, and with it its campaign's launch, until somebody resolves it.

    What it is about is any part of a campaign that `apps.campaigns.challenges` knows. `about` is what the
    thing was called then: the record outlives the thing.
    """

    class Resolution(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="challenges")
    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    thing = GenericForeignKey("content_type", "object_id")
    # Which stage of the campaign, if the thing is the campaign; '' otherwise.
    stage = models.CharField(_("stage"), max_length=16, blank=True)
    about = models.CharField(_("about"), max_length=200)
    question = models.TextField(_("question"), max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Who waits for the answer and may resolve it: whoever asked, or to whom it was handed over.
    pursued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="challenges_pursued"
    )
    resolution = models.CharField(_("resolution"), max_length=16, choices=Resolution, blank=True)
    decision = models.TextField(_("what was decided"), max_length=2000, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Of the form it was asked with: the form sent twice asks once.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(resolution="", resolved_at__isnull=True, resolved_by__isnull=True)
                | (~Q(resolution="") & Q(resolved_at__isnull=False, resolved_by__isnull=False)),
                name="campaigns_challenge_resolved_as_a_whole",
            ),
            models.CheckConstraint(
                condition=~Q(resolution="accepted") | ~Q(decision=""),
                name="campaigns_challenge_accepted_says_what",
            ),
        ]
        indexes = [
            # A campaign's challenges, newest first; what holds a launch is asked of the open ones only.
            models.Index(fields=["campaign", "-asked_at", "-id"], name="campaigns_challenge_list"),
            models.Index(
                fields=["campaign"], condition=Q(resolved_at__isnull=True), name="campaigns_challenge_open"
            ),
            # What holds this thing, and what once held it.
            models.Index(fields=["content_type", "object_id"], name="campaigns_challenge_thing"),
        ]

    def __str__(self) -> str:
        return self.about

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    def held_for(self, now: datetime) -> timedelta:
        """Return how long the thing was held, or has been by now."""
        return (self.resolved_at or now) - self.asked_at


class ChallengeAnswer(models.Model):
    """What somebody said to a challenge. It stays on record as it was said."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="answers", db_index=False)
    text = models.TextField(_("answer"), max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            # The thread below a challenge, in the order it was written.
            models.Index(fields=["challenge", "at", "id"], name="campaigns_answer_thread"),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class Challenger(models.Model):
    """Someone whom the captain has named to challenge what is in a campaign."""

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="challengers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="campaigns_challenger_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.campaign_id}"

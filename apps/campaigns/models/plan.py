from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.campaign import Campaign
from apps.campaigns.models.task import DURATION_MAX, OFFSET_MAX, Anchor
from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import Versioned


class PlanTemplateQuerySet(models.QuerySet["PlanTemplate"]):
    def with_counts(self) -> Self:
        """Add `tasks` and `milestones`: how many of each it holds."""
        return self.annotate(
            tasks=Count("items", filter=Q(items__is_milestone=False)),
            milestones=Count("items", filter=Q(items__is_milestone=True)),
        )


class PlanTemplate(Versioned):
    """
    What has to be done for a kind of campaign, and when before or after its launch and its outcome.

    Those with a `key` came with Bookend and stay as they are; a copy can be changed.
    """

    name = models.CharField(
        _("name"),
        max_length=120,
        unique=True,
        error_messages={"unique": _("There is a template of this name already.")},
    )
    description = models.TextField(_("what it is for"), blank=True, max_length=2000)
    key = models.SlugField(blank=True, editable=False)

    objects = PlanTemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="campaigns_plantemplate_key"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shipped(self) -> bool:
        return bool(self.key)


class PlanTemplateItem(Versioned):
    """One task or milestone of a template. `waits_for` are items of the same template."""

    class AssignTo(models.TextChoices):
        NOBODY = "nobody", _("Nobody yet")
        CAPTAIN = "captain", _("Captain")
        OWNER = "owner", _("Channel owner")

    template = models.ForeignKey(PlanTemplate, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(_("task"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.Kind, blank=True)
    anchor = models.CharField(_("counted from"), max_length=8, choices=Anchor, default=Anchor.LAUNCH)
    offset_days = models.SmallIntegerField(
        _("working days from it"),
        default=0,
        validators=[MinValueValidator(-OFFSET_MAX), MaxValueValidator(OFFSET_MAX)],
    )
    duration_days = models.PositiveSmallIntegerField(
        _("working days it takes"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(DURATION_MAX)],
    )
    is_milestone = models.BooleanField(_("milestone"), default=False)
    assign_to = models.CharField(_("assigned to"), max_length=8, choices=AssignTo, default=AssignTo.NOBODY)
    waits_for = models.ManyToManyField(
        "self", symmetrical=False, related_name="holds_up", verbose_name=_("waits for"), blank=True
    )

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title

    @property
    def before_days(self) -> int:
        return -self.offset_days


class PlanMove(models.Model):
    """
    That somebody moved a plan: its dates, and the tasks that followed. Undone, it brings each back.

    `tasks` has for each task its id, then start and due before and after, as text of days or null.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="plan_moves")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    launch_before = models.DateField(null=True)
    launch_after = models.DateField(null=True)
    goal_before = models.DateField(null=True)
    goal_after = models.DateField(null=True)
    tasks = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The latest of a campaign, which can be undone.
            models.Index(fields=["campaign", "-id"], name="campaigns_planmove_latest"),
        ]

    def __str__(self) -> str:
        return f"move {self.pk} of campaign {self.campaign_id}"

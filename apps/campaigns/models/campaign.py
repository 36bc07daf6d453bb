from datetime import date, datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models.challenge import Challenge, Challenger
from apps.campaigns.models.task import Task
from apps.campaigns.models.team import Channel, Contributor
from apps.campaigns.models.version import Versioned


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def shown(self) -> Self:
        """With what every page of a campaign shows beside it, and the one row that each of these is."""
        return self.select_related("captain", "segment", "goal_count", "expectation", "kpi_set")

    def current(self) -> Self:
        """Campaigns that have not been put away."""
        return self.filter(archived_at__isnull=True)

    def with_on_team(self, user: User) -> Self:
        """Add `on_team`: the user is the captain, owns a channel, contributes, may challenge, has a task."""
        mine = [
            Exists(Channel.objects.filter(campaign=OuterRef("pk"), owner=user)),
            Exists(Contributor.objects.filter(campaign=OuterRef("pk"), user=user)),
            Exists(Task.objects.filter(campaign=OuterRef("pk"), assignee=user)),
            Exists(Challenger.objects.filter(campaign=OuterRef("pk"), user=user)),
        ]
        return self.alias(on_team=Q(captain=user) | Q(mine[0]) | Q(mine[1]) | Q(mine[2]) | Q(mine[3]))

    def of_team(self, user: User) -> Self:
        return self.with_on_team(user).filter(on_team=True)

    def visible_to(self, user: User) -> Self:
        """Campaigns that exist for this person: all of them, or for contributors those of their teams."""
        if not user.is_active:
            return self.none()
        if user.role == User.Role.CONTRIBUTOR and not user.is_superuser:
            return self.of_team(user)
        return self

    def with_span(self) -> Self:
        """Add `begins` and `ends`, the first and the last day that is known; NULL where none is."""
        return self.annotate(
            begins=Coalesce("start_date", "launch_date", "goal_date"),
            ends=Coalesce("goal_date", "launch_date", "start_date"),
        )

    def between(self, *, first: date | None = None, last: date | None = None) -> Self:
        """Campaigns that run on some day of these; without a first or a last one, for ever."""
        found = self.with_span()
        if first:
            found = found.filter(ends__gte=first)
        if last:
            found = found.filter(begins__lte=last)
        return found

    def by_day(self) -> Self:
        """In the order in which they begin; of `with_span` or `between`."""
        return self.order_by(F("begins").asc(nulls_last=True), "pk")

    def on_channel(self, kind: str) -> Self:
        return self.filter(Exists(Channel.objects.filter(campaign=OuterRef("pk"), kind=kind)))

    def under_way(self) -> Self:
        """Campaigns whose goal may move and whose readiness may change by themselves."""
        return self.current().exclude(stage__in=[Campaign.Stage.IDEA, Campaign.Stage.CLOSED])

    def unwatched_since(self, moment: datetime, *, closed: datetime) -> Self:
        """Campaigns with a snapshot older than `moment`, closed ones than `closed`; the oldest first."""
        is_open = ~Q(stage=Campaign.Stage.CLOSED)
        is_old = Q(watched_at__isnull=True) | Q(is_open, watched_at__lt=moment) | Q(watched_at__lt=closed)
        return self.current().filter(is_old).order_by(F("watched_at").asc(nulls_first=True))


class Campaign(Versioned):
    """
    Stands between two bookends: the big idea, and the outcome that it is for.

    The outcome is bound to an event: `goal_event` (with `goal_where`, conditions as in a segment rule) is
    counted from the data between `start_date` and the end of `goal_date`, in UTC, over everybody who did it;
    progress is never typed in.
    """

    class Stage(models.TextChoices):
        IDEA = "idea", _("Idea")
        PLANNING = "planning", _("Planning")
        BUILDING = "building", _("Building")
        REVIEW = "review", _("Review")
        READY = "ready", _("Ready")
        LIVE = "live", _("Live")
        REPORTING = "reporting", _("Reporting")
        CLOSED = "closed", _("Closed")

    class GoalMeasure(models.TextChoices):
        PEOPLE = "people", _("People who did it")
        EVENTS = "events", _("Times it happened")
        VALUE = "value", _("Value of what happened")

    name = models.CharField(_("name"), max_length=200)
    captain = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="captained",
        verbose_name=_("captain"),
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage, default=Stage.IDEA)

    outcome = models.TextField(_("desired outcome"), blank=True, max_length=2000)
    goal_event = models.CharField(_("goal event"), max_length=128, blank=True)
    goal_where = models.JSONField(_("only where"), default=list, blank=True)
    goal_measure = models.CharField(
        _("counted as"), max_length=8, choices=GoalMeasure, default=GoalMeasure.PEOPLE
    )
    # The property of the goal event that carries its worth, in `currency`.
    value_property = models.CharField(_("property with the value"), max_length=128, blank=True)
    goal_target = models.DecimalField(
        _("target"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    goal_date = models.DateField(_("by"), null=True, blank=True)
    conversion_window_days = models.PositiveSmallIntegerField(
        _("conversion window in days"), default=14, validators=[MinValueValidator(1)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")

    idea = models.TextField(_("big idea"), blank=True, max_length=2000)
    segment = models.ForeignKey(
        "segments.Segment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
        verbose_name=_("audience"),
    )
    audience_note = models.TextField(_("who they are"), blank=True, max_length=2000)
    # What of the year's strategy it serves; a goal that is taken off the list leaves it without one.
    year_goal = models.ForeignKey(
        "campaigns.YearGoal",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="campaigns",
        verbose_name=_("goal of the year"),
    )
    start_date = models.DateField(_("starts"), null=True, blank=True)
    launch_date = models.DateField(_("launch"), null=True, blank=True)
    # The campaign that this one was replayed from, and how many came before: set once, when it begins.
    parent = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="replays"
    )
    generation = models.PositiveSmallIntegerField(default=1, db_default=1, editable=False)
    # Rules that the leads set. Hours in review before it is ready; None: as the installation says.
    review_hours = models.PositiveSmallIntegerField(
        _("least time of review, in hours"), null=True, blank=True
    )
    asks_approvals = models.BooleanField(_("asks for approvals"), default=False, db_default=False)
    stage_at = models.DateTimeField(null=True, blank=True)  # since when it has stood at its stage
    # Where the reverse wizard stands; '' once it has been finished.
    wizard_step = models.CharField(max_length=16, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    # A snapshot for pages that show many campaigns, as of `watched_at`; the campaign's own pages ask anew.
    goal_reached = models.DecimalField(max_digits=30, decimal_places=4, null=True, blank=True)
    blockers = models.PositiveSmallIntegerField(null=True, blank=True)  # required readiness checks that fail
    watched_at = models.DateTimeField(null=True, blank=True)
    # Of the form it was made with: the form sent twice makes one campaign.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage="idea") | (~Q(idea="") & ~Q(outcome="")),
                name="campaigns_campaign_both_bookends",
                violation_error_message=_("A campaign needs both bookends to leave the first stage."),
            ),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True)
                | Q(goal_date__isnull=True)
                | Q(start_date__lte=F("goal_date")),
                name="campaigns_campaign_ends_after_start",
                violation_error_message=_("The outcome's date is before the start."),
            ),
            # With one more than the parent has, none can be its own ancestor.
            models.CheckConstraint(
                condition=Q(parent=None, generation=1) | Q(parent__isnull=False, generation__gt=1),
                name="campaigns_campaign_generation_of_parent",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="campaigns_campaign_not_own_parent"
            ),
        ]
        indexes = [
            # The list, latest change first.
            models.Index(fields=["-updated_at", "-id"], name="campaigns_campaign_updated"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def open_challenges(self) -> "list[Challenge]":
        """What holds it, the oldest first: asked once for a page, on which several parts tell it."""
        found = self.challenges.open().select_related("asked_by", "pursued_by")
        return list(found.order_by("asked_at", "pk"))


class Override(models.Model):
    """That someone let a campaign pass a failing check or an unmet entry criterion, and why."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="overrides")
    check_name = models.CharField(max_length=64)  # as registered: "content.unsubscribe", "stage.building"
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "check_name"], name="campaigns_override_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="campaigns_override_has_reason"),
        ]

    def __str__(self) -> str:
        return self.check_name

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.contacts.models import Channel as Way
from apps.core.models import TimeStamped
from apps.messaging.addresses import own_address_validate
from apps.messaging.models.provider import Provider
from apps.messaging.models.recipient import Recipient
from apps.segments.models import Segment

TEXTS_FROM = r"^(\+\d{6,15}|\d{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10})\Z"


class Sender(TimeStamped):
    """Who a message comes from. Without a provider, mail leaves through the server of EMAIL_URL."""

    name = models.CharField(_("from name"), max_length=100)
    email = models.EmailField(_("from address"), unique=True, validators=[own_address_validate])
    reply_to = models.EmailField(_("reply to"), blank=True, validators=[own_address_validate])
    is_active = models.BooleanField(_("active"), default=True)
    provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="senders"
    )

    # What texts come from: a number, or a name where networks allow it.
    phone = models.CharField(
        _("texts come from"),
        max_length=16,
        blank=True,
        validators=[RegexValidator(TEXTS_FROM, _("A number such as +441632960123, or up to 11 letters."))],
    )
    sms_provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="sms_senders"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class MessageQuerySet(models.QuerySet["Message"]):
    def shown(self) -> Self:
        """With what every page of a message, and the question who may see it, looks at beside it."""
        return self.select_related(
            "campaign__segment", "campaign__kpi_set", "channel__owner", "sender__provider",
            "sender__sms_provider", "template", "experiment__decided_by",
        )  # fmt: skip

    def visible_to(self, user: User) -> Self:
        """Messages of the campaigns that exist for this person."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))

    def with_choice(self) -> Self:
        """Add `wanted` and `unwanted`: name and rule of each segment that it is for, and not for."""
        row = JSONObject(name="name", rule="rule")
        wanted = Segment.objects.filter(messages=OuterRef("pk")).order_by("pk")
        unwanted = Segment.objects.filter(messages_excluding=OuterRef("pk")).order_by("pk")
        return self.annotate(
            wanted=ArraySubquery(wanted.values(row=row)), unwanted=ArraySubquery(unwanted.values(row=row))
        )

    def running(self) -> Self:
        return self.filter(state=Message.State.RUNNING)

    def launched(self) -> Self:
        return self.exclude(state=Message.State.DRAFT)

    def open(self) -> Self:
        """Launched, and not yet known to be at its end."""
        return self.launched().filter(finished_at__isnull=True)

    def spent(self) -> Self:
        """Open messages with no recipient left to write to."""
        return self.open().filter(~Exists(Recipient.objects.unfinished().filter(message=OuterRef("pk"))))


class Message(TimeStamped):
    """
    One thing sent on one channel in one campaign.

    draft → running ⇄ paused → finished | cancelled. A message launched for later is running with its
    recipients planned. The template's version is fixed at launch, so what was sent can always be shown.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    class Priority(models.TextChoices):
        """From first to last: who waits with a higher one goes before all with a lower one."""

        URGENT = "urgent", _("Urgent")
        NORMAL = "normal", _("Normal")
        LOW = "low", _("Low")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.PROTECT, related_name="messages")
    channel = models.ForeignKey("campaigns.Channel", on_delete=models.PROTECT, related_name="messages")
    name = models.CharField(_("name"), max_length=200)
    sender = models.ForeignKey(
        Sender, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    template = models.ForeignKey(
        "content.Template", null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    template_version = models.ForeignKey(
        "content.TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Of a message by SMS, instead of a template: Liquid, fixed at launch as all of it is.
    text = models.TextField(_("text"), blank=True, max_length=1600)
    segments = models.ManyToManyField("segments.Segment", blank=True, related_name="messages")
    exclude_segments = models.ManyToManyField(
        "segments.Segment", blank=True, related_name="messages_excluding"
    )
    topic = models.CharField(_("topic"), max_length=64, blank=True)  # '' is the channel as a whole
    holdout_percent = models.PositiveSmallIntegerField(
        _("hold out, in percent"), default=0, validators=[MaxValueValidator(90)]
    )
    # Whether opens and clicks are counted: some teams may not, some need not.
    is_tracked = models.BooleanField(_("count opens and clicks"), default=True)
    priority = models.CharField(
        _("priority"), max_length=16, choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    pause_reason = models.CharField(max_length=500, blank=True)
    scheduled_at = models.DateTimeField(_("send at"), null=True, blank=True)
    # Instead of `send at`: this hour of this day by the clock of each person.
    local_date = models.DateField(_("day, where each person is"), null=True, blank=True)
    local_time = models.TimeField(_("hour, where each person is"), null=True, blank=True)
    # What is still unsent then expires instead of coming late.
    not_after = models.DateTimeField(_("not after"), null=True, blank=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    launched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Until then nothing leaves, so that whoever launched it may think better of it.
    undo_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # When it last went on after a pause; what left before says nothing of how fast it goes now.
    resumed_at = models.DateTimeField(null=True, blank=True)

    # What the mail server has said lately, for the automatic pause: answers and how many of them were
    # refusals (halved now and then, so that the past fades), and connections in a row that failed.
    recent_answers = models.PositiveIntegerField(default=0)
    recent_refusals = models.PositiveIntegerField(default=0)
    connections_failed = models.PositiveIntegerField(default=0)
    # What came back since the launch or the last resume, and when that was too much: told once.
    bounces = models.PositiveIntegerField(default=0, db_default=0)
    complaints = models.PositiveIntegerField(default=0, db_default=0)
    spiked_at = models.DateTimeField(null=True, blank=True)

    # Of `with_choice`.
    wanted: Sequence[Mapping[str, Any]] | None = None
    unwanted: Sequence[Mapping[str, Any]] | None = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") ^ Q(launched_at__isnull=False),
                name="messaging_message_launched_at_unless_draft",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(template_version__isnull=False, sender__isnull=False)
                | Q(sender__isnull=False) & ~Q(text=""),
                name="messaging_message_fixed_at_launch",
            ),
            models.CheckConstraint(
                condition=Q(local_date=None, local_time=None)
                | Q(local_date__isnull=False, local_time__isnull=False),
                name="messaging_message_local_hour_of_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(finished_at__isnull=False),
                name="messaging_message_finished_at_when_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], name="messaging_message_campaign"),
            # What the sending doorbell looks through: a handful, beside years of finished messages.
            models.Index(
                fields=["id"],
                condition=Q(finished_at__isnull=True) & ~Q(state="draft"),
                name="messaging_message_open",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def way(self) -> Way:
        """The channel that it is sent on, as consent knows it."""
        return Way.SMS if self.channel.kind == Channel.Kind.SMS else Way.EMAIL

    @property
    def is_text(self) -> bool:
        return self.way == Way.SMS

    @property
    def carrier(self) -> Provider | None:
        """Who carries it; None: the mail server of EMAIL_URL, or no sender is chosen."""
        if self.sender is None:
            return None
        return self.sender.sms_provider if self.is_text else self.sender.provider

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def local_at(self) -> datetime | None:
        """The hour at which each person gets it by their own clock: of no zone. None: all at one moment."""
        if self.local_date is None or self.local_time is None:
            return None
        return datetime.combine(self.local_date, self.local_time)

    @property
    def sent_latest_at(self) -> datetime | None:
        """When it is due where it is due last: by the clock of UTC−12, if each person's own counts."""
        if self.local_at is None:
            return self.scheduled_at
        return self.local_at.replace(tzinfo=UTC) + timedelta(hours=12)

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_open(self) -> bool:
        """Test if anything may still leave, now or after a resume."""
        return self.state in {self.State.RUNNING, self.State.PAUSED}

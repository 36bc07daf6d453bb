from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.messaging.models.message import Message

VARIANTS_MOST = 8
LETTERS = "ABCDEFGH"


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def undecided(self) -> Self:
        """Launched, and nobody has chosen yet, nor the rule: what is paused or cancelled is left alone."""
        alive = [Message.State.RUNNING, Message.State.FINISHED]
        return self.filter(decided_at__isnull=True, message__state__in=alive)

    def decided(self) -> Self:
        return self.filter(decided_at__isnull=False)


class Experiment(models.Model):
    """
    What a message tries out before everybody gets it: a sample gets the variants, the rest the best of them.

    The sample goes out → `decide_at`, `wait_minutes` after the last of it has left → `decided_at`, with the
    `winner`, a variant's number, or none: then the rest gets nothing. `found` is what that was decided
    on, and stays.
    """

    class Metric(models.TextChoices):
        OPENED = "opened", _("Opens by people")
        CLICKED = "clicked", _("Clicks by people")
        CONVERTED = "converted", _("Conversions: the campaign's goal")

    class Otherwise(models.TextChoices):
        """What the rest gets if no variant wins."""

        BEST = "best", _("Send the best of them all the same")
        STOP = "stop", _("Stop: the rest gets nothing")

    class Confidence(models.IntegerChoices):
        """How sure the difference to every other variant must be; in percent."""

        NONE = 0, _("Plainly the best")
        LOW = 80, _("Sure to 80 %")
        MEDIUM = 90, _("Sure to 90 %")
        HIGH = 95, _("Sure to 95 %")

    message = models.OneToOneField(
        "messaging.Message", on_delete=models.CASCADE, related_name="experiment", primary_key=True
    )
    sample_percent = models.PositiveSmallIntegerField(
        _("sample, in percent"), default=20, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    metric = models.CharField(_("the winner has the most"), max_length=16, choices=Metric)
    wait_minutes = models.PositiveIntegerField(
        _("wait, in minutes"), default=240, validators=[MinValueValidator(1), MaxValueValidator(30 * 24 * 60)]
    )
    confidence = models.PositiveSmallIntegerField(
        _("to win, it must be"), choices=Confidence, default=Confidence.NONE
    )
    otherwise = models.CharField(_("if none wins"), max_length=8, choices=Otherwise, default=Otherwise.BEST)
    decide_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(  # null: the rule
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    winner = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whether the winner won by the rule, or was only sent because something had to be.
    has_won = models.BooleanField(default=False)
    found = models.JSONField(default=list, blank=True)  # [{"variant": 0, "sent": 100, "hits": 12}, …]

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sample_percent__gte=1, sample_percent__lte=100),
                name="messaging_experiment_sample_is_a_part",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=False) | Q(winner=None, decided_by=None, has_won=False),
                name="messaging_experiment_winner_once_decided",
            ),
        ]
        indexes = [
            # What the scheduler looks through: what is under way, beside years of what was decided.
            models.Index(
                fields=["decide_at"],
                condition=Q(decided_at__isnull=True),
                name="messaging_experiment_undecided",
            ),
        ]

    def __str__(self) -> str:
        return f"experiment of message {self.message_id}"

    @property
    def is_decided(self) -> bool:
        return self.decided_at is not None

    @property
    def winner_letter(self) -> str:
        return "" if self.winner is None else LETTERS[self.winner]

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)

    @property
    def evidence(self) -> list[tuple[str, int, int]]:
        """Return what it was decided on: letter, hits and how many were sent it."""
        return [(LETTERS[one["variant"]], one["hits"], one["sent"]) for one in self.found]

    def decided_earliest(self, sent_at: datetime) -> datetime:
        """Return when the rule decides if the whole sample has left at this moment."""
        return sent_at + self.wait

    @property
    def decision(self) -> str:
        """Say what was decided, in a sentence; '' before it is."""
        if not self.is_decided:
            return ""
        told = {"letter": self.winner_letter, "person": self.decided_by}
        if self.decided_by_id:
            if self.winner is None:
                return _now("%(person)s chose that the rest gets nothing.") % told
            return _now("%(person)s chose variant %(letter)s.") % told
        if self.winner is None:
            return _now("No variant won, and so the rest gets nothing.")
        if self.has_won:
            return _now("Variant %(letter)s won.") % told
        return _now("No variant won; variant %(letter)s is sent all the same.") % told

    @property
    def sends_all(self) -> bool:
        """Test if everybody is in the sample: then nobody waits for the winner."""
        return self.sample_percent == 100


class VariantQuerySet(models.QuerySet["Variant"]):
    def worded(self) -> Self:
        """The control first, each with the words that it sent or would send."""
        return self.select_related("template__current", "template_version").order_by("number")


class Variant(models.Model):
    """
    One version of a message in its experiment. Number 0, A, is the control: the message as it is written.

    What is empty is as in the message: its template, or the subject of the template. Version and place of its
    links are fixed at launch.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="variants", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    template = models.ForeignKey(
        "content.Template", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    template_version = models.ForeignKey(
        "content.TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Where its links begin among those of the message; variants of one version share them.
    first_link = models.PositiveSmallIntegerField(default=0)

    objects = VariantQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="messaging_variant_once"),
            models.CheckConstraint(
                condition=Q(number__lt=VARIANTS_MOST), name="messaging_variant_has_a_letter"
            ),
        ]

    def __str__(self) -> str:
        return _now("Variant %(letter)s") % {"letter": self.letter}

    @property
    def letter(self) -> str:
        return LETTERS[self.number]

    @property
    def is_control(self) -> bool:
        return self.number == 0

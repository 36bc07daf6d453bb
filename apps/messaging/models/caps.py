from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.contacts.models import Channel
from apps.core.models import TimeStamped


class FrequencyCap(TimeStamped):
    """
    At most so many messages to one person in so many calendar days, today included, in the person's zone.

    An empty channel or topic is every one of them. A person whom one more would take beyond any cap is left
    out of it at the last moment.
    """

    MOST, DAYS = 100, 92

    channel = models.CharField(_("channel"), max_length=8, choices=Channel, blank=True)
    topic = models.CharField(_("topic"), max_length=64, blank=True)
    most = models.PositiveSmallIntegerField(
        _("at most"), validators=[MinValueValidator(1), MaxValueValidator(MOST)]
    )
    days = models.PositiveSmallIntegerField(
        _("in so many days"), default=1, validators=[MinValueValidator(1), MaxValueValidator(DAYS)]
    )
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["channel", "topic", "days"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "topic", "days"],
                name="messaging_frequencycap_once",
                violation_error_message=_("There is a cap for this channel, topic and number of days."),
            ),
            models.CheckConstraint(
                condition=Q(most__gte=1, most__lte=100, days__gte=1, days__lte=92),
                name="messaging_frequencycap_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence(self.topic)

    def fits(self, *, topic: str, channel: str = Channel.EMAIL) -> bool:
        """Test if it speaks of a message on this channel and topic."""
        return self.channel in {"", channel} and self.topic in {"", topic}

    @property
    def facts(self) -> dict[str, str | int]:
        """What it asks, as it is kept with whatever it held up."""
        return {"most": self.most, "days": self.days, "channel": self.channel, "topic": self.topic}

    def sentence(self, topic: str) -> str:
        """Say it as people do; `topic` is what the topic is called."""
        told = {"most": self.most, "days": self.days, "topic": topic}
        counted = ngettext("At most %(most)s message", "At most %(most)s messages", self.most) % told
        ways = {"": "", Channel.EMAIL.value: now_("by e-mail"), Channel.SMS.value: now_("by SMS")}
        about = now_("on “%(topic)s”") % told if self.topic else ""
        within = ngettext("a calendar day", "in %(days)s calendar days", self.days) % told
        return " ".join(filter(None, [counted, ways[self.channel], about, within]))


class CapTally(models.Model):
    """
    What has been counted for one contact lately: `[{"id", "day", "channel", "topic"}, …]`, one per recipient.

    One row, so that all caps of a person are asked and claimed by one upsert, which holds the row: whoever
    else writes to the same person waits, and sees what was claimed. `day` is the calendar day where the
    contact was. The number of the recipient makes giving back exact, and a second claim the same as one.
    """

    contact = models.OneToOneField(
        "contacts.Contact", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    entries = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"tally of contact {self.contact_id}"


class QuietHours(TimeStamped):
    """
    When people are not written to, by the clock where they are; over midnight if `starts` is the later.

    What comes due then waits for the end.
    """

    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel, unique=True, default=Channel.EMAIL
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["channel"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(starts=F("ends")),
                name="messaging_quiethours_end",
                violation_error_message=_("Quiet hours begin and end at different times."),
            ),
        ]

    def __str__(self) -> str:
        told = {"starts": f"{self.starts:%H:%M}", "ends": f"{self.ends:%H:%M}"}
        return now_("From %(starts)s to %(ends)s") % told


class RuleNote(models.Model):
    """What a sending rule did to a recipient that was about to be sent: held it, or left it out."""

    class Rule(models.TextChoices):
        CAP = "cap", _("Frequency cap")
        QUIET = "quiet", _("Quiet hours")
        RATE = "rate", _("Rate limit")

    recipient = models.ForeignKey(
        "messaging.Recipient", on_delete=models.DO_NOTHING, related_name="rule_notes", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    rule = models.CharField(max_length=8, choices=Rule)
    at = models.DateTimeField()
    # Until when it was held. Null: it was left out (a cap), or held until there is room (a limit).
    until = models.DateTimeField(null=True, blank=True)
    # The rules as they were: `[{"most", "days", "channel", "topic"}, …]`, `{"starts", "ends", "zone"}`, or
    # `{"most", "per", "domain"}`.
    facts = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["contact", "recipient", "at"], name="messaging_rulenote_contact")]

    def __str__(self) -> str:
        return f"{self.rule} of recipient {self.recipient_id}"

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Conversion(models.Model):
    """
    An event of someone in a message's ledger, within the campaign's window: the row behind a figure.

    The clock starts at the hour the message was due, for those written to, those held out and those in the
    control group alike, so they can be compared; credit is given only for what happened after the mail had
    left.
    """

    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="conversions", db_index=False
    )
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    recipient = models.ForeignKey(
        "messaging.Recipient",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    measure = models.CharField(max_length=24)
    is_holdout = models.BooleanField()
    is_control = models.BooleanField(default=False, db_default=False)  # in the group that no message goes to
    # The last message of this campaign that had reached the person when it happened. One per event, so
    # that messages sum to their campaign.
    is_credited = models.BooleanField()
    event_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    value = models.DecimalField(max_digits=16, decimal_places=4, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "measure", "contact", "event_id"], name="reporting_conversion_once"
            ),
        ]
        indexes = [models.Index(fields=["contact"], name="reporting_conversion_contact")]

    def __str__(self) -> str:
        return f"conversion {self.pk}"


class ArmResult(models.Model):
    """
    Sums of one arm of a message for one measure: a roll-up of `Recipient` and `Conversion`, kept for pages.

    `rollups_verify` compares it with the rows. Squares are kept for the intervals.
    """

    class Arm(models.TextChoices):
        SENT = "sent", _("Written to")
        HOLDOUT = "holdout", _("Held out")
        CONTROL = "control", _("In the control group")

    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="arm_results", db_index=False
    )
    arm = models.CharField(max_length=8, choices=Arm)
    measure = models.CharField(max_length=24)
    people = models.BigIntegerField()  # in the arm
    converted = models.BigIntegerField()  # of them, with at least one event
    conversions = models.BigIntegerField()  # events
    credited = models.BigIntegerField()  # events credited to this message
    # Wide enough for a hundred million million events of the most that one is worth (`campaigns.worth`).
    credited_value = models.DecimalField(max_digits=30, decimal_places=4)
    value = models.DecimalField(max_digits=30, decimal_places=4)
    value_squares = models.DecimalField(max_digits=60, decimal_places=8)  # sum over people of (their value)²
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "arm", "measure"], name="reporting_armresult_once"),
        ]

    def __str__(self) -> str:
        return f"{self.arm} {self.measure} of {self.message_id}"


class MessageResult(models.Model):
    """What became of a message, in people: a roll-up of ledger and delivery events, kept for pages."""

    message = models.OneToOneField("messaging.Message", on_delete=models.CASCADE, related_name="result")
    audience = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)  # planned, in line, or with a worker
    excluded = models.BigIntegerField(default=0)  # at launch or at the last moment, holdout included
    lost = models.BigIntegerField(default=0)  # failed, unknown, cancelled or expired
    opened = models.BigIntegerField(default=0)  # people with an open that is not a machine's
    opened_machine = models.BigIntegerField(default=0)  # people with machine opens only
    clicked = models.BigIntegerField(default=0)
    clicked_machine = models.BigIntegerField(default=0)
    bounced = models.BigIntegerField(default=0)
    complained = models.BigIntegerField(default=0)
    unsubscribed = models.BigIntegerField(default=0)
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(audience=F("sent") + F("waiting") + F("excluded") + F("lost")),
                name="reporting_messageresult_sums",
            ),
        ]

    def __str__(self) -> str:
        return f"result of {self.message_id}"


class CampaignResultQuerySet(models.QuerySet["CampaignResult"]):
    def counted(self) -> Self:
        """Results that were counted at least once; the others have only been tried."""
        return self.filter(refreshed_at__isnull=False)


class CampaignResult(models.Model):
    """
    How far a campaign's roll-ups have come.

    `definition` is what its conversions were counted by; when the campaign's goal, KPIs or window differ
    from it, they are counted anew. `is_final`: the last window has closed, and all was counted once more;
    what comes late is still taken in, ever more seldom.
    """

    campaign = models.OneToOneField("campaigns.Campaign", on_delete=models.CASCADE, related_name="result")
    goal_done = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    definition = models.JSONField(default=list)
    refreshed_at = models.DateTimeField(null=True)  # null: tried, and never counted
    is_final = models.BooleanField(default=False)
    # When a count was last begun, whatever came of it: who waits longest is next, and one that fails is last.
    tried_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())  # when the next count is, unless there is news

    objects = CampaignResultQuerySet.as_manager()

    def __str__(self) -> str:
        return f"result of campaign {self.campaign_id}"

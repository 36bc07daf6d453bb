from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Verdict(models.TextChoices):
    """What a report means. The first three are the classes of bounces."""

    HARD = "hard", _("No such address")
    SOFT = "soft", _("Could not be reached")
    OURS = "ours", _("Turned away")  # for a reason that is ours to mend, not the reader's
    DELAYED = "delayed", _("Delayed")
    DELIVERED = "delivered", _("Delivered")
    COMPLAINT = "complaint", _("Complaint")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    OTHER = "other", _("Something else")


BOUNCES = [Verdict.HARD, Verdict.SOFT, Verdict.OURS]


class DeliveryReport(models.Model):
    """
    What a mail system told us about one mail, once: a bounce (RFC 3464), a complaint (RFC 5965),
    or whatever a provider tells by its calls.

    What follows from it (an event, a suppression, a withdrawn consent) was done in the same transaction.
    Without a recipient: nothing in it is signed by us, so nothing followed.
    """

    class Source(models.TextChoices):
        MAIL = "mail", _("Bounce mailbox")
        API = "api", _("API")
        TALK = "talk", _("Refused while it was handed over")
        PROVIDER = "provider", _("Provider")

    # No constraints and few indexes of their own, as for `DeliveryEvent`.
    recipient = models.ForeignKey(
        "messaging.Recipient",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="reports",
        db_constraint=False,
    )
    message = models.ForeignKey(
        "messaging.Message",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    contact = models.ForeignKey(
        "contacts.Contact",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="delivery_reports",
        db_constraint=False,
        db_index=False,
    )
    # SHA-256 of what the sender of the report calls it: the same one twice is one.
    event_key = models.BinaryField(max_length=32)
    source = models.CharField(_("came by"), max_length=8, choices=Source)
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict)
    status = models.CharField(_("status"), max_length=16, blank=True)  # as in RFC 3463: 5.1.1
    answer = models.CharField(_("what it said"), max_length=500, blank=True)
    at = models.DateTimeField(_("received"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "event_key"], name="messaging_report_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=True, contact__isnull=True, message__isnull=True)
                | Q(recipient__isnull=False, contact__isnull=False, message__isnull=False),
                name="messaging_report_of_one_mail",
            ),
        ]
        indexes = [
            # The list, newest first, as a whole and by verdict.
            models.Index(fields=["-at", "-id"], name="messaging_report_newest"),
            models.Index(fields=["verdict", "-at", "-id"], name="messaging_report_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.status}".strip()

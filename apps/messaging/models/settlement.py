from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Settlement(models.Model):
    """
    What a person decided about a recipient of whom nobody could know: kept beside the row, never changed.

    Where somebody says that a mail had not left, and it had, this is who was told and why: the row itself
    only knows how it ended.
    """

    class Verdict(models.TextChoices):
        SENT = "sent", _("It was sent")
        NOT_SENT = "not_sent", _("It was not sent: try again")
        LEFT = "left", _("Leave it unknown")

    # Without a constraint, which would be asked of every row that an undone launch takes back.
    recipient = models.ForeignKey(
        "messaging.Recipient",
        on_delete=models.DO_NOTHING,
        related_name="settlements",
        db_constraint=False,
        db_index=False,
    )
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    message = models.ForeignKey(
        "messaging.Message", on_delete=models.PROTECT, related_name="settlements", db_index=False
    )
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # One recipient's story, and for a message: who was looked at, who was sent to again.
            models.Index(fields=["message", "recipient", "at"], name="messaging_settlement_message"),
            # When two contacts become one, or somebody is erased.
            models.Index(fields=["contact", "recipient"], name="messaging_settlement_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict}: recipient {self.recipient_id}"

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from apps.contacts.models.consent import Channel


class Confirmation(models.Model):
    """
    The question to one contact whether we may write, for one channel and topic: double opt-in.

    Asked anew it is the same row with the next `number`, so that only the link of the last question is good.
    What the person answers stands in the consent ledger; this row says what was asked, and how often.
    """

    GOOD_FOR = timedelta(days=7)
    AT_MOST = 3  # mails for one question
    PAUSE = timedelta(minutes=10)  # between two of them

    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="confirmations", db_index=False
    )
    channel = models.CharField(max_length=8, choices=Channel)
    topic = models.CharField(max_length=64, blank=True)
    number = models.PositiveIntegerField(default=1)
    address_hash = models.BinaryField(max_length=32)  # where the link went: another address needs another
    basis = models.CharField(max_length=64)
    source = models.CharField(max_length=200, blank=True)
    wording = models.TextField()
    asked_at = models.DateTimeField()  # the first mail of this number
    mailed_at = models.DateTimeField()  # when the last mail was wanted
    mails = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField(null=True, blank=True)  # when the mail server took the last one
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # People are deactivated, never deleted: nobody looks these rows up by who asked.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "channel", "topic"], name="contacts_confirmation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"

    def is_open(self, *, at: datetime) -> bool:
        return self.confirmed_at is None and at < self.expires_at

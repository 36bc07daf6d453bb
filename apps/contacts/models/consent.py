from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """The ways to write to a contact."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class ConsentStatus(models.TextChoices):
    SUBSCRIBED = "subscribed", _("Subscribed")
    PENDING = "pending", _("Waiting for confirmation")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")


class ConsentEvent(models.Model):
    """One line of the consent ledger: appended, never changed. The proof behind `Consent`."""

    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="consent_events", db_index=False
    )
    channel = models.CharField(max_length=8, choices=Channel)
    topic = models.CharField(max_length=64, blank=True)  # '' is the channel as a whole
    status = models.CharField(max_length=16, choices=ConsentStatus)
    at = models.DateTimeField()
    basis = models.CharField(max_length=64, blank=True)  # such as "form", "contract", "one-click unsubscribe"
    source = models.CharField(max_length=200, blank=True)  # where: a form, a file, a message
    wording = models.TextField(blank=True)
    # Where the person's browser was, when they said it themselves: on a page of ours.
    network = models.GenericIPAddressField(null=True, blank=True)
    # People are deactivated, never deleted: nobody looks these rows up by who wrote them.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes = [models.Index(fields=["contact", "-at"], name="contacts_consent_history")]

    def __str__(self) -> str:
        return f"consent event {self.pk}"


class Consent(models.Model):
    """Where a contact stands now for a channel and topic: the last line of its ledger, for queries."""

    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="consents", db_index=False
    )
    channel = models.CharField(max_length=8, choices=Channel)
    topic = models.CharField(max_length=64, blank=True, db_default="")
    status = models.CharField(max_length=16, choices=ConsentStatus)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # With the status inside, the question of every send is answered from the index alone.
            models.UniqueConstraint(
                fields=["contact", "channel", "topic"], include=["status"], name="contacts_consent_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.topic}: {self.status}"


class Suppression(models.Model):
    """
    An address that is never written to, whoever has it. Kept by hash, so it survives erasure.

    Imports never lift one; only the person's own confirmed wish or an administrator does.
    """

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Address does not exist")
        COMPLAINED = "complained", _("Complained")
        ERASED = "erased", _("Erased")
        BY_HAND = "by_hand", _("Added by hand")
        IMPORTED = "imported", _("From a list")

    # `source` of what a mend of the quality centre has suppressed: this, and its number. Undoing the mend
    # lifts it, unless somebody has said the same since.
    MENDED = "Quality mend "

    channel = models.CharField(max_length=8, choices=Channel)
    address_hash = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=16, choices=Reason)
    at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "channel"], name="contacts_suppression_once"),
        ]
        # How fast they grow: the last weeks, of years.
        indexes = [models.Index(fields=["at"], name="contacts_suppression_at")]

    def __str__(self) -> str:
        return f"suppression {self.pk}"

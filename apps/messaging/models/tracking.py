from django.db import models
from django.utils.translation import gettext_lazy as _


class Link(models.Model):
    """A destination in a message, stored at launch: a click goes where the row says, not where a URL says."""

    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="links", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    url = models.CharField(max_length=2000)  # may hold Liquid, filled in with the contact's data at the click
    label = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="messaging_link_once"),
        ]

    def __str__(self) -> str:
        return self.label or self.url


class DeliveryEvent(models.Model):
    """
    What happened to a mail after it was sent. Never moves a recipient back.

    Kept in monthly partitions by `at`, like `contacts.Event`. Machine hits (privacy proxies, scanners,
    prefetch) are kept and marked with the reason; figures for people leave them out.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        CLICKED = "clicked", _("Clicked")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complained")

        @property
        def is_tracked(self) -> bool:
            """Test if only the tracking of a message tells it."""
            return self in {DeliveryEvent.Kind.OPENED, DeliveryEvent.Kind.CLICKED}

    id = models.BigAutoField(primary_key=True)
    recipient = models.ForeignKey(
        "messaging.Recipient",
        on_delete=models.DO_NOTHING,
        related_name="delivery_events",
        db_constraint=False,
        db_index=False,
    )
    message = models.ForeignKey(
        "messaging.Message",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    contact = models.ForeignKey(
        "contacts.Contact",
        on_delete=models.DO_NOTHING,
        related_name="delivery_events",
        db_constraint=False,
        db_index=False,
    )
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField()
    link = models.ForeignKey(
        Link, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    machine_reason = models.CharField(max_length=32, blank=True)  # '' is a person
    bounce_class = models.CharField(
        max_length=8, blank=True, default="", db_default=""
    )  # of a bounce: `BOUNCES`

    class Meta:
        indexes = [
            models.Index(fields=["message", "kind", "recipient"], name="messaging_event_message"),
            models.Index(fields=["contact", "-at"], name="messaging_event_contact"),
            models.Index(fields=["recipient", "at"], name="messaging_event_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.recipient_id}"
